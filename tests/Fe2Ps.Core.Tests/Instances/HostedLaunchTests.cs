using Amazon.EC2.Model;
using Fe2Ps.Core.Instances;
using Fe2Ps.Core.Sandboxes;
using Fe2Ps.Core.Sessions;
using Fe2Ps.Core.Ssh;
using Fe2Ps.Core.Tests.Scripts;
using Fe2Ps.Tests.Support;

namespace Fe2Ps.Core.Tests.Instances;

/// <summary>The launch against real machines and the real ssh client.</summary>
public sealed class HostedLaunchTests
{
    private sealed class Hosts : SandboxFixture
    {
        protected override SandboxOptions Options => new(Program) { Hosts = SandboxHosts.Container, Speed = SandboxSpeed.Fast };
    }

    [HostedFact]
    public async Task ALaunchedMachineCanBeUsedFromHereAndIsKnownElsewhere()
    {
        var hosts = new Hosts();
        DirectoryInfo folder = Directory.CreateTempSubdirectory("core-tests-");
        await hosts.InitializeAsync();
        try
        {
            Fe2Session session = await Fe2Session.OpenAsync(
                new SessionOptions("ohio", null, hosts.EndpointUrl), TestCloud.Here("me", Path.Combine(folder.FullName, "me")));
            await using SshConnector here = Connector("here");

            IReadOnlyList<Instance> two = await new InstanceLauncher(session, here).LaunchAsync(new LaunchRequest { Name = "job", Count = 2 });

            foreach (Instance instance in two)
            {
                SshTarget target = await new InstanceTargets(session).ForAsync(instance);
                await using ISshSession ssh = await here.OpenAsync(target);
                Assert.Equal("ubuntu\n", (await ssh.RunAsync("whoami")).OutputText);
                Assert.StartsWith("SHA256:", target.HostKey, StringComparison.Ordinal);
            }

            Assert.NotEqual(InstanceFacts.TagOf(two[0], TagNames.HostKey), InstanceFacts.TagOf(two[1], TagNames.HostKey));

            // Another computer, which has never seen the machine, holds it to the tag.
            await using SshConnector elsewhere = Connector("elsewhere");
            SshTarget known = await new InstanceTargets(session).ForAsync(await new InstanceQuery(session).GetAsync("job-1"));
            await (await elsewhere.OpenAsync(known)).DisposeAsync();
            await using SshConnector stranger = Connector("stranger");
            Fe2Exception error = await Assert.ThrowsAsync<Fe2Exception>(
                () => stranger.OpenAsync(known with { HostKey = InstanceFacts.TagOf(two[1], TagNames.HostKey) }));
            Assert.Equal("HostKeyChanged", error.Id);

            Assert.Empty((await new InstanceActions(session).RemoveAsync(two)).Problems);
        }
        finally
        {
            await hosts.DisposeAsync();
            folder.Delete(recursive: true);
        }

        SshConnector Connector(string computer) =>
            new(new SshOptions { Folder = Path.Combine(folder.FullName, computer), ConfigFile = "/dev/null" });
    }
}
