using System.Net.Http.Json;
using System.Text.Json;
using Amazon.EC2.Model;
using Fe2Ps.Core.Instances;
using Fe2Ps.Core.Sandboxes;
using Fe2Ps.Core.Sessions;
using Fe2Ps.Core.Ssh;

namespace Fe2Ps.Bench;

/// <summary>A running sandbox with a home of its own, as this process and as other programs see it.</summary>
internal sealed class LocalCloud : IAsyncDisposable
{
    private const string AwsCli = "/usr/bin/aws";

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    private readonly SandboxProcess sandbox;
    private readonly HttpClient http;

    private LocalCloud(SandboxProcess sandbox, Fe2Session session, IReadOnlyDictionary<string, string> environment)
    {
        this.sandbox = sandbox;
        Session = session;
        Environment = environment;
        Ssh = new SshConnector(new SshOptions { Folder = session.Folder.Path });
        http = new HttpClient { BaseAddress = new Uri(sandbox.EndpointUrl) };
    }

    public Fe2Session Session { get; }

    public SshConnector Ssh { get; }

    /// <summary>What a program needs in its environment to work with this cloud, and with nothing of the user's.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; }

    /// <summary>A command line of Debian's AWS CLI, the peer of most rows. Its older versions know the endpoint by option only.</summary>
    /// <exception cref="NotHereException">It is not on this machine.</exception>
    public string[] Aws(params string[] words) => [Ground.Need(AwsCli), "--endpoint-url", sandbox.EndpointUrl, "ec2", .. words];

    /// <summary>The same for another service, in the region where that runs.</summary>
    /// <exception cref="NotHereException">It is not on this machine.</exception>
    public string[] AwsOf(string service, string region, params IEnumerable<string> words) =>
        [Ground.Need(AwsCli), "--endpoint-url", sandbox.EndpointUrl, "--region", region, service, .. words];

    public static async Task<LocalCloud> StartAsync(string program, string home, SandboxHosts hosts, CancellationToken cancel)
    {
        Directory.CreateDirectory(home);
        var speed = hosts == SandboxHosts.None ? SandboxSpeed.Fast : SandboxSpeed.Realistic;
        var sandbox = await SandboxProcess.StartAsync(new SandboxOptions(program) { Hosts = hosts, Speed = speed }, null, cancel).ConfigureAwait(false);
        try
        {
            var variables = new Dictionary<string, string>(sandbox.Environment)
            {
                ["HOME"] = home,
                ["FE2_HOME"] = Path.Combine(home, "fe2"),
                ["AWS_PAGER"] = "",
                ["POWERSHELL_TELEMETRY_OPTOUT"] = "1",
                ["POWERSHELL_UPDATECHECK"] = "Off",
            };

            // The SDK looks for credentials in this process's own environment.
            foreach (var (name, value) in sandbox.Environment) System.Environment.SetEnvironmentVariable(name, value);
            var here = new Fe2Environment(variables.GetValueOrDefault, home, TimeProvider.System);
            var session = await Fe2Session.OpenAsync(new SessionOptions(null, null, sandbox.EndpointUrl), here, cancel).ConfigureAwait(false);
            return new LocalCloud(sandbox, session, variables);
        }
        catch
        {
            await sandbox.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Fills it with running instances that have no machines behind them.</summary>
    public async Task SeedAsync(int instances, CancellationToken cancel)
    {
        using var answer = await http.PostAsJsonAsync("/_sandbox/seed", new { instances }, cancel).ConfigureAwait(false);
        answer.EnsureSuccessStatusCode();
    }

    /// <summary>Lets the spot prices of types change often.</summary>
    public async Task SeedSpotAsync(IReadOnlyList<string> types, int changesADay, CancellationToken cancel)
    {
        using var answer = await http.PostAsJsonAsync("/_sandbox/seed", new { spotTypes = types, spotChangesADay = changesADay }, cancel).ConfigureAwait(false);
        answer.EnsureSuccessStatusCode();
    }

    /// <summary>The public address of an instance as the sandbox itself knows it, by name; null until there is one.</summary>
    public async Task<string?> AddressAsync(string name, CancellationToken cancel)
    {
        var state = await http.GetFromJsonAsync<JsonElement>("/_sandbox/state", cancel).ConfigureAwait(false);
        if (!state.GetProperty("regions").TryGetProperty(Session.Region, out var region)) return null;
        foreach (var instance in region.GetProperty("instances").EnumerateArray())
        {
            if (instance.TryGetProperty("name", out var its) && its.GetString() == name && instance.TryGetProperty("publicIp", out var address))
                return address.GetString();
        }

        return null;
    }

    /// <summary>EC2 takes a machine away in two minutes.</summary>
    public async Task InterruptAsync(string name, CancellationToken cancel)
    {
        using var answer = await http.PostAsJsonAsync("/_sandbox/faults", new { kind = "interrupt", instance = name, seconds = 120 }, cancel).ConfigureAwait(false);
        answer.EnsureSuccessStatusCode();
    }

    /// <summary>Begins the count of calls anew.</summary>
    public async Task ForgetCallsAsync(CancellationToken cancel) =>
        (await http.DeleteAsync("/_sandbox/calls", cancel).ConfigureAwait(false)).EnsureSuccessStatusCode();

    /// <summary>How many calls there were since.</summary>
    public async Task<int> CountCallsAsync(CancellationToken cancel) =>
        (await http.GetFromJsonAsync<JsonElement>("/_sandbox/calls", cancel).ConfigureAwait(false)).GetArrayLength();

    public Task<IReadOnlyList<Instance>> LaunchAsync(string name, int count, CancellationToken cancel) =>
        new InstanceLauncher(Session, Ssh).LaunchAsync(new LaunchRequest { Name = name, Count = count }, null, cancel);

    /// <summary>Ends machines and waits until they are gone, so that they do not disturb what is measured next.</summary>
    public async Task RemoveAsync(IReadOnlyList<Instance> instances, CancellationToken cancel)
    {
        foreach (var instance in instances)
        {
            if (InstanceFacts.AddressOf(instance) is not null)
                await Ssh.CloseAsync(await new InstanceTargets(Session).ForAsync(instance, cancellationToken: cancel).ConfigureAwait(false), cancel).ConfigureAwait(false);
        }

        await new InstanceActions(Session).RemoveAsync(instances, cancel).ConfigureAwait(false);
        await new InstanceWaiter(Session).WaitAsync(instances, "terminated", Patience, null, cancel).ConfigureAwait(false);
    }

    public async ValueTask DisposeAsync()
    {
        http.Dispose();
        await Ssh.DisposeAsync().ConfigureAwait(false);
        await sandbox.DisposeAsync().ConfigureAwait(false);
    }
}
