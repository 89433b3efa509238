using System.Management.Automation;
using Amazon.EC2.Model;
using Fe2Ps.Core;
using Fe2Ps.Core.Images;
using Fe2Ps.Core.Sessions;

namespace Fe2Ps.Commands;

/// <summary>Waits until images can be launched, and hands them on.</summary>
[Cmdlet(VerbsLifecycle.Wait, "Fe2Ami")]
[OutputType(typeof(Image))]
public sealed class WaitFe2AmiCommand : ImageActionCmdlet
{
    /// <summary>How long to wait for all of them together, in seconds; without it, as long as EC2 takes.</summary>
    [Parameter]
    [ValidateRange(1, 7 * 24 * 3600)]
    public int? Timeout { get; set; }

    /// <inheritdoc/>
    private protected override async Task ActAsync(Fe2Session session, SessionOptions where, IReadOnlyList<Image> images, CancellationToken stop)
    {
        TimeSpan? timeout = Timeout is { } seconds ? TimeSpan.FromSeconds(seconds) : null;
        ImageSelection done = await new ImageWaiter(session).WaitAsync(images, timeout, Pump, stop).ConfigureAwait(false);
        await new ImageOutput(Pump, this).WriteAsync(done.Images, session, where, stop).ConfigureAwait(false);
        foreach (Fe2Exception problem in done.Problems) await WriteErrorAsync(problem).ConfigureAwait(false);
    }
}
