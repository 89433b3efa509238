using System.Globalization;
using System.Management.Automation;
using Amazon.EC2.Model;
using Fe2Ps.Core;
using Fe2Ps.Core.Sessions;
using Fe2Ps.Core.Ssh;
using Fe2Ps.Core.Storage;
using Fe2Ps.Pipeline;

namespace Fe2Ps.Commands;

/// <summary>Grows volumes with partition and file system while they are in use.</summary>
[Cmdlet(VerbsCommon.Resize, "Fe2Volume", SupportsShouldProcess = true)]
[OutputType(typeof(Volume))]
public sealed class ResizeFe2VolumeCommand : VolumeValueCmdlet
{
    /// <summary>GiB.</summary>
    [Parameter(Position = 1)]
    [ValidateRange(1, 65536)]
    public int? Size { get; set; }

    /// <summary>The volume type.</summary>
    [Parameter]
    [ValidateSet("gp3", "gp2", "io1", "io2", "st1", "sc1", "standard")]
    public string? Type { get; set; }

    /// <summary>Operations a second.</summary>
    [Parameter]
    [ValidateRange(100, 256000)]
    public int? Iops { get; set; }

    /// <summary>Throughput, MiB/s.</summary>
    [Parameter]
    [ValidateRange(125, 2000)]
    public int? Throughput { get; set; }

    /// <summary>The login user.</summary>
    [Parameter]
    public string? User { get; set; }

    /// <summary>The private key on this computer.</summary>
    [Parameter]
    public string? KeyFile { get; set; }

    /// <inheritdoc/>
    private protected override (string Parameter, string? Given, bool IsOptional) Second =>
        (nameof(Size), Size?.ToString(CultureInfo.InvariantCulture), Type is not null || Iops is not null || Throughput is not null);

    /// <inheritdoc/>
    private protected override string Action => Value.Length > 0 ? $"Resize to {Value} GiB" : "Change type or speed";

    /// <inheritdoc/>
    private protected override async Task ActAsync(Fe2Session session, SessionOptions where, Volume volume, CancellationToken stop)
    {
        int? size = null;
        if (Value.Length > 0)
        {
            size = int.TryParse(Value, NumberStyles.None, CultureInfo.InvariantCulture, out int number) && number is >= 1 and <= 65536
                ? number
                : throw new Fe2Exception("SizeInvalid", Fe2ErrorKind.InvalidArgument, $"-Size {Value}: that is no size in GiB.", "For example 40.", Value);
        }

        var change = new VolumeChange
        {
            Size = size,
            Type = NullIfEmpty(Type),
            Iops = Iops,
            Throughput = Throughput,
            User = NullIfEmpty(User),
            KeyFile = NullIfEmpty(KeyFile) is { } file ? await Pump.AskAsync(() => GetUnresolvedProviderPathFromPSPath(file)).ConfigureAwait(false) : null,
        };
        Volume changed = await new VolumeGrowth(session, new SshConnector(), Pump).ChangeAsync(volume, change, stop).ConfigureAwait(false);
        await WriteAsync(changed, session, where).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    private protected override string? StopNotice() =>
        "EC2 goes on changing the volume; Resize-Fe2Volume with the same size grows the file system when that is done.";
}
