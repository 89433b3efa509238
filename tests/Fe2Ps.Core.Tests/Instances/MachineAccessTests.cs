using Amazon.EC2.Model;
using Fe2Ps.Core.Instances;
using Fe2Ps.Core.Scripts;
using Fe2Ps.Core.Sessions;
using Fe2Ps.Core.Ssh;

namespace Fe2Ps.Core.Tests.Instances;

/// <summary>The one way to a machine that every cmdlet takes, scripts too.</summary>
public sealed class MachineAccessTests
{
    [Fact]
    public async Task AfterAChangeOfAddressTheJobsAreListedAndTheRuleIsMended()
    {
        await using TestCloud cloud = await TestCloud.StartAsync();
        await cloud.SetCallerAddressAsync("203.0.113.7");
        Fe2Session before = await cloud.SessionAsync();
        Instance instance = Assert.Single(await new InstanceLauncher(before, new FakeConnector()).LaunchAsync(new LaunchRequest { Name = "od1" }));
        await new CloudJobs(before, new FakeConnector()).TagAsync(
            instance.InstanceId, new Dictionary<string, string> { ["fe2:role"] = "target" }, default);

        // The same person with another address, which is asked for at most once a minute.
        await cloud.SetCallerAddressAsync("198.51.100.9");
        Fe2Session session = await cloud.SessionAsync(home: Path.Combine(cloud.Home, "elsewhere"));
        await new Fe2Ps.Core.Network.CallerAddress(session).FindCidrAsync(fresh: true, default);
        var door = new Door(async () => (await cloud.RegionAsync()).ToJsonString().Contains("198.51.100.9/32", StringComparison.Ordinal));
        var reports = new Reports();
        await new CloudJobs(session, door, accessReport: reports).ListAsync(reports);

        Assert.DoesNotContain(reports.Warnings, w => w.Contains("not among these", StringComparison.Ordinal));
        Assert.True(door.Opened);
        Assert.DoesNotContain("203.0.113.7/32", (await cloud.RegionAsync()).ToJsonString());
    }

    /// <summary>A machine behind a rule: whoever is not let in gets no answer.</summary>
    private sealed class Door(Func<Task<bool>> isOpen) : ISshConnector, ISshSession
    {
        public bool Opened { get; private set; }

        public SshTarget Target { get; private set; } = null!;

        public Task<ISshSession> OpenAsync(SshTarget target, CancellationToken cancellationToken = default)
        {
            Target = target;
            return Task.FromResult<ISshSession>(this);
        }

        public async Task<SshResult> RunAsync(string command, Stream? input = null, CancellationToken cancellationToken = default)
        {
            Opened = await isOpen();
            return Opened ? new SshResult(0, [], []) : throw SshErrors.Unreachable(Target, "Connection timed out");
        }

        public Task<string> WaitUntilReadyAsync(
            SshTarget target, TimeSpan timeout, IProgress<Fe2Report>? report = null, CancellationToken cancellationToken = default) => throw new NotSupportedException();

        public Task<SshInvocation> InteractiveAsync(
            SshTarget target, IReadOnlyList<Tunnel> tunnels, string? command = null, CancellationToken cancellationToken = default) => throw new NotSupportedException();

        public Task<int> StreamAsync(string command, Action<SshOutput> output, Stream? input = null, CancellationToken cancellationToken = default) =>
            throw new NotSupportedException();

        public Task SendAsync(
            IReadOnlyList<string> localPaths, string remoteFolder, IProgress<Fe2Report>? report = null, CancellationToken cancellationToken = default) => throw new NotSupportedException();

        public Task ReceiveAsync(
            string remoteFolder, string localFolder, IProgress<Fe2Report>? report = null, CancellationToken cancellationToken = default) => throw new NotSupportedException();

        public Task<IAsyncDisposable> OpenTunnelsAsync(IReadOnlyList<Tunnel> tunnels, CancellationToken cancellationToken = default) => throw new NotSupportedException();

        public Task CloseAsync(SshTarget target, CancellationToken cancellationToken = default) => Task.CompletedTask;

        public HostKey? PinnedKey(string instanceId) => null;

        public Task ForgetAsync(string instanceId, CancellationToken cancellationToken = default) => Task.CompletedTask;

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
