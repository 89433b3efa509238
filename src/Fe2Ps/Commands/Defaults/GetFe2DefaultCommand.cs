using System.Management.Automation;
using Fe2Ps.Core;
using Fe2Ps.Core.Defaults;
using Fe2Ps.Core.Sessions;
using Fe2Ps.Pipeline;

namespace Fe2Ps.Commands;

/// <summary>What the cmdlets take where a parameter is left out, and where each value comes from.</summary>
[Cmdlet(VerbsCommon.Get, "Fe2Default")]
[OutputType(typeof(DefaultSetting))]
public sealed class GetFe2DefaultCommand : Fe2Cmdlet
{
    private const string Kept = "Set-Fe2Default", BuiltIn = "built in";

    /// <summary>Only these settings.</summary>
    [Parameter(Position = 0)]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    public string[] Name { get; set; } = ["*"];

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        SessionOptions where = Where;
        Run(stop => ListAsync(where, stop));
    }

    private async Task ListAsync(SessionOptions where, CancellationToken stop)
    {
        Fe2Defaults defaults = new DefaultsFile(new Fe2Home(Fe2Environment.Process)).Read();
        (IEnumerable<DefaultSetting> place, Fe2Exception? failure) = await PlaceAsync(where, defaults, stop).ConfigureAwait(false);
        List<DefaultSetting> settings =
        [
            .. place,
            Setting("InstanceType", defaults.InstanceType, "t3.micro"),
            Setting("Image", defaults.Image, "the newest Ubuntu LTS"),
            Setting("DiskSize", defaults.DiskSize, "the image's own size"),
            Setting("KeyName", defaults.KeyName, "default"),
            Setting("KeyFile", defaults.KeyFile, "the private key that fits the key pair"),
            Setting("User", defaults.User, "the image's own user"),
            Setting("Cidr", defaults.Cidr, "this computer's address alone"),
        ];
        foreach (DefaultSetting setting in settings.Where(s => Name.Any(n => new WildcardPattern(n, WildcardOptions.IgnoreCase).IsMatch(s.Name))))
            await WriteAsync(setting).ConfigureAwait(false);
        if (failure is not null) throw failure;
    }

    /// <summary>Where the cmdlets would work. A setting that leads nowhere is listed all the same: it is what needs to be seen then.</summary>
    private async Task<(IEnumerable<DefaultSetting> Settings, Fe2Exception? Failure)> PlaceAsync(
        SessionOptions where, Fe2Defaults defaults, CancellationToken stop)
    {
        try
        {
            Fe2Session session = await OpenAsync(where, stop).ConfigureAwait(false);
            return (session.Sources.Select(s => new DefaultSetting(
                s.Setting, s.Setting == "Region" ? session.Region : s.Value, s.Setting == "Endpoint" && Here.TryGetSandbox(out string? sandbox) && sandbox is not null && s.Value == sandbox ? "Start-Fe2Sandbox" : s.Source)), null);
        }
        catch (Fe2Exception failure)
        {
            bool isUnset = failure.Id == "RegionMissing";
            List<DefaultSetting> kept = [isUnset ? new DefaultSetting("Region", null, "not set: Set-Fe2Default -Region Ohio") : new DefaultSetting("Region", defaults.Region, Kept)];
            if (defaults.ProfileName is { } profile) kept.Add(new DefaultSetting("Profile", profile, Kept));
            if (defaults.EndpointUrl is { } endpoint) kept.Add(new DefaultSetting("Endpoint", endpoint, Kept));
            return (kept.Where(s => isUnset || s.Value is not null), isUnset ? null : failure);
        }
    }

    private static DefaultSetting Setting(string name, object? kept, string otherwise) =>
        kept is null ? new DefaultSetting(name, otherwise, BuiltIn) : new DefaultSetting(name, kept, Kept);
}
