using System.Net.Http.Json;
using System.Runtime.CompilerServices;
using System.Text.Json.Nodes;
using Amazon.EC2.Model;
using Fe2Ps.Core.Instances;
using Fe2Ps.Core.Sandboxes;
using Fe2Ps.Core.Sessions;

namespace Fe2Ps.Core.Tests;

/// <summary>A sandbox of its own for one test: the API alone, no hosts, no waiting.</summary>
internal sealed class TestCloud : IAsyncDisposable
{
    private static readonly HttpClient Http = new();
    private readonly SandboxProcess sandbox;
    private readonly DirectoryInfo folder;

    private TestCloud(SandboxProcess sandbox)
    {
        this.sandbox = sandbox;
        folder = Directory.CreateTempSubdirectory("core-tests-");
    }

    public string EndpointUrl => sandbox.EndpointUrl;

    /// <summary>The home folder of the tests' user.</summary>
    public string Home => folder.FullName;

    public static async Task<TestCloud> StartAsync() => new(await SandboxProcess.StartAsync(
        new SandboxOptions(Program) { Hosts = SandboxHosts.None, Speed = SandboxSpeed.Fast }));

    /// <summary>A session as a user of this computer would open it, asking often.</summary>
    public async Task<Fe2Session> SessionAsync(string user = "me", string region = "us-east-2", string? endpoint = null, string? home = null)
    {
        Fe2Session session = await Fe2Session.OpenAsync(
            new SessionOptions(region, null, endpoint ?? EndpointUrl), Environment(user, home ?? Path.Combine(Home, user)));
        return session.WithPace(new PollingPace(TimeSpan.FromMilliseconds(30), 1.2, TimeSpan.FromMilliseconds(400)));
    }

    public static Fe2Environment Environment(string user, string home, params (string Name, string Value)[] variables)
    {
        Directory.CreateDirectory(home);
        var all = variables.ToDictionary(v => v.Name, v => v.Value);
        all["USER"] = user;
        return new Fe2Environment(all.GetValueOrDefault, home, TimeProvider.System);
    }

    /// <summary>Lets something go wrong, as the sandbox's README tells.</summary>
    public async Task FaultAsync(object fault)
    {
        HttpResponseMessage answer = await Http.PostAsJsonAsync($"{EndpointUrl}/_sandbox/faults", fault);
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
    }

    public async Task ClearFaultsAsync() => (await Http.DeleteAsync($"{EndpointUrl}/_sandbox/faults")).EnsureSuccessStatusCode();

    public async Task SetCallerAsync(string address) =>
        (await Http.PostAsJsonAsync($"{EndpointUrl}/_sandbox/caller-address", new { address })).EnsureSuccessStatusCode();

    public async Task SeedAsync(int instances, string prefix = "seed-", string region = "us-east-2") =>
        (await Http.PostAsJsonAsync($"{EndpointUrl}/_sandbox/seed", new { instances, prefix, region })).EnsureSuccessStatusCode();

    /// <summary>The names of the operations called so far.</summary>
    public async Task<IReadOnlyList<string>> CallsAsync() =>
        [.. JsonNode.Parse(await Http.GetStringAsync($"{EndpointUrl}/_sandbox/calls"))!.AsArray().Select(c => c!["operation"]!.GetValue<string>())];

    public async Task ForgetCallsAsync() => (await Http.DeleteAsync($"{EndpointUrl}/_sandbox/calls")).EnsureSuccessStatusCode();

    /// <summary>Everything the sandbox has in a region.</summary>
    public async Task<JsonNode> StateAsync(string region = "us-east-2") =>
        JsonNode.Parse(await Http.GetStringAsync($"{EndpointUrl}/_sandbox/state"))!["regions"]![region]!;

    /// <summary>Ids of instances that cost money, as the sandbox itself sees them: no visibility delay, no faults.</summary>
    public async Task<IReadOnlyList<string>> RunningAsync() =>
    [
        .. (await StateAsync())["instances"]!.AsArray()
            .Where(i => i!["state"]!.GetValue<string>() is "pending" or "running").Select(i => i!["id"]!.GetValue<string>()),
    ];

    /// <summary>Spot requests that could still be filled.</summary>
    public async Task<IReadOnlyList<string>> OpenSpotRequestsAsync() =>
    [
        .. (await StateAsync())["spotRequests"]!.AsArray()
            .Where(r => r!["state"]!.GetValue<string>().ToLowerInvariant() is "open" or "active").Select(r => r!["id"]!.GetValue<string>()),
    ];

    public async ValueTask DisposeAsync()
    {
        await sandbox.DisposeAsync();
        folder.Delete(recursive: true);
    }

    private static string Program
    {
        get
        {
            var output = new DirectoryInfo(AppContext.BaseDirectory);
            string configuration = output.Parent!.Name;
            return Path.GetFullPath(Path.Combine(
                output.FullName, "..", "..", "..", "..", "..", "src", "Fe2Ps.Sandbox", "bin", configuration, output.Name, "Fe2Ps.Sandbox.dll"));
        }
    }

    /// <summary>Tests never look at the developer's own AWS configuration.</summary>
    [ModuleInitializer]
    internal static void Isolate()
    {
        string folder = Directory.CreateTempSubdirectory("core-tests-aws-").FullName;
        File.WriteAllText(Path.Combine(folder, "credentials"), "[work]\naws_access_key_id = AKIAWORK\naws_secret_access_key = secret-of-work\n");
        File.WriteAllText(
            Path.Combine(folder, "config"),
            "[profile work]\nregion = eu-west-1\n[profile plain]\nregion = ap-northeast-2\nendpoint_url = http://127.0.0.1:9\n");
        System.Environment.SetEnvironmentVariable("AWS_SHARED_CREDENTIALS_FILE", Path.Combine(folder, "credentials"));
        System.Environment.SetEnvironmentVariable("AWS_CONFIG_FILE", Path.Combine(folder, "config"));
        System.Environment.SetEnvironmentVariable("AWS_EC2_METADATA_DISABLED", "true");
        AppDomain.CurrentDomain.ProcessExit += (_, _) => Directory.Delete(folder, recursive: true);
    }
}
