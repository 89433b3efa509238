using Fe2Ps.Core.Instances;
using Fe2Ps.Core.Sessions;
using Fe2Ps.Core.Spot;
using Fe2Ps.Core.Ssh;
using Fe2Ps.Tests.Support;

namespace Fe2Ps.Core.Tests.Spot;

/// <summary>Instances watched from outside.</summary>
public sealed class InstanceWatchTests(SandboxFixture sandbox) : IClassFixture<SandboxFixture>
{
    [Fact]
    public async Task AnInterruptionIsToldFromItsMarkToTheEndOfTheMachine()
    {
        var folder = Directory.CreateTempSubdirectory("fe2-watch-");
        try
        {
            var session = await Fe2Session.OpenAsync(new SessionOptions("us-east-2", null, sandbox.EndpointUrl), TestCloud.Here("me", folder.FullName));
            await using var ssh = new SshConnector(new SshOptions { Folder = Path.Combine(folder.FullName, "ssh") });
            var watched = (await new InstanceLauncher(session, ssh).LaunchAsync(new LaunchRequest { Name = "watched", Spot = true, NoWait = true }))[0];
            var events = new List<InstanceEvent>();
            using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60));
            await foreach (var happened in new InstanceWatch(session).RunAsync([watched.InstanceId], null, TimeSpan.FromMilliseconds(50), limit.Token))
            {
                events.Add(happened);
                if (happened is { Kind: InstanceEventKind.State, Value: "running" })
                    await sandbox.FaultAsync(new { kind = "interrupt", instance = "watched", seconds = 2 });
            }

            Assert.All(events, e => Assert.Equal(("watched", watched.InstanceId), (e.Name, e.InstanceId)));
            var mark = Assert.Single(events, e => e.Kind == InstanceEventKind.Interruption);
            Assert.Equal("marked-for-termination", mark.Value);
            var end = events[^1];
            Assert.Equal((InstanceEventKind.State, "terminated"), (end.Kind, end.Value));
            Assert.Contains("Server.SpotInstanceTermination", end.Message);
            Assert.True(events.IndexOf(mark) < events.IndexOf(end));
            Assert.Contains(events, e => e is { Kind: InstanceEventKind.SpotStatus, Value: "fulfilled" });
            Assert.Equal(events.Distinct(), events);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }
}
