using Fe2Ps.Core.Instances;
using Fe2Ps.Core.Notebooks;
using Fe2Ps.Core.Tests.Files;
using Fe2Ps.Core.Tests.Scripts;

namespace Fe2Ps.Core.Tests.Notebooks;

/// <summary>A machine without Jupyter.</summary>
public sealed class NotebookMissingTests(HostedCopyFixture cloud) : IClassFixture<HostedCopyFixture>
{
    [HostedFact]
    public async Task ItSaysHowToInstallIt()
    {
        await using var ssh = await cloud.Connector.OpenAsync(await new InstanceTargets(cloud.Session).ForAsync(cloud.Od1));
        var error = await Assert.ThrowsAsync<Fe2Exception>(() => NotebookServers.EnsureAsync(ssh, null, TimeProvider.System));
        Assert.Equal(("JupyterMissing", "Jupyter is not installed on od1."), (error.Id, error.Message));
        Assert.Contains("Invoke-Fe2Command od1 'sudo apt-get update && sudo apt-get install -y jupyter-notebook'", error.NextStep, StringComparison.Ordinal);
    }
}
