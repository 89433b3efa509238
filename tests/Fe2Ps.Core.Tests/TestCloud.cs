using System.Runtime.CompilerServices;
using System.Text.Json.Nodes;
using Fe2Ps.Core.Sandboxes;
using Fe2Ps.Core.Sessions;
using Fe2Ps.Tests.Support;

namespace Fe2Ps.Core.Tests;

/// <summary>A sandbox of its own for one test: the API alone, no hosts, no waiting.</summary>
internal sealed class TestCloud : SandboxFixture
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("core-tests-");

    /// <summary>The home folder of the tests' user.</summary>
    public string Home => folder.FullName;

    /// <summary>How fast things happen there.</summary>
    private SandboxSpeed Speed { get; init; } = SandboxSpeed.Fast;

    protected override SandboxOptions Options => base.Options with { Speed = Speed };

    public static async Task<TestCloud> StartAsync(SandboxSpeed speed = SandboxSpeed.Fast)
    {
        var cloud = new TestCloud { Speed = speed };
        await cloud.InitializeAsync();
        return cloud;
    }

    /// <summary>A session as a user of this computer would open it, asking often.</summary>
    public async Task<Fe2Session> SessionAsync(string user = "me", string region = "us-east-2", string? endpoint = null, string? home = null)
    {
        Fe2Session session = await Fe2Session.OpenAsync(
            new SessionOptions(region, null, endpoint ?? EndpointUrl), Here(user, home ?? Path.Combine(Home, user)));
        return session.WithPace(new PollingPace(TimeSpan.FromMilliseconds(30), 1.2, TimeSpan.FromMilliseconds(400)));
    }

    public static Fe2Environment Here(string user, string home, params (string Name, string Value)[] variables)
    {
        Directory.CreateDirectory(home);
        var all = variables.ToDictionary(v => v.Name, v => v.Value);
        all["USER"] = user;
        return new Fe2Environment(all.GetValueOrDefault, home, TimeProvider.System);
    }

    /// <summary>The names of the operations called so far, failed ones too.</summary>
    public async Task<IReadOnlyList<string>> OperationsAsync() => [.. (await CallsAsync()).Select(c => c.Split(':')[0])];

    /// <summary>Everything the sandbox has in a region.</summary>
    public async Task<JsonNode> RegionAsync(string region = "us-east-2") =>
        JsonNode.Parse((await StateAsync()).GetRawText())!["regions"]![region]!;

    /// <summary>Ids of instances that cost money, as the sandbox itself sees them: no visibility delay, no faults.</summary>
    public async Task<IReadOnlyList<string>> RunningAsync() =>
    [
        .. (await RegionAsync())["instances"]!.AsArray()
            .Where(i => i!["state"]!.GetValue<string>() is "pending" or "running").Select(i => i!["id"]!.GetValue<string>()),
    ];

    /// <summary>Spot requests that could still be filled.</summary>
    public async Task<IReadOnlyList<string>> OpenSpotRequestsAsync() =>
    [
        .. (await RegionAsync())["spotRequests"]!.AsArray()
            .Where(r => r!["state"]!.GetValue<string>().ToLowerInvariant() is "open" or "active").Select(r => r!["id"]!.GetValue<string>()),
    ];

    public override async Task DisposeAsync()
    {
        await base.DisposeAsync();
        // A price that was being learnt behind may still be on its way to its file.
        await Until.TrueAsync(TryDelete, "the home folder is gone");
    }

    private bool TryDelete()
    {
        try
        {
            folder.Delete(recursive: true);
            return true;
        }
        catch (DirectoryNotFoundException)
        {
            return true;
        }
        catch (IOException)
        {
            return false;
        }
    }

    /// <summary>Tests never look at the developer's own AWS configuration.</summary>
    [ModuleInitializer]
    internal static void Isolate()
    {
        // Beside the tests themselves: the test host does not say when it ends.
        string folder = Directory.CreateDirectory(Path.Combine(AppContext.BaseDirectory, "aws")).FullName;
        File.WriteAllText(Path.Combine(folder, "credentials"), "[work]\naws_access_key_id = AKIAWORK\naws_secret_access_key = secret-of-work\n");
        File.WriteAllText(
            Path.Combine(folder, "config"),
            "[profile work]\nregion = eu-west-1\n[profile plain]\nregion = ap-northeast-2\nendpoint_url = http://127.0.0.1:9\n");
        System.Environment.SetEnvironmentVariable("AWS_SHARED_CREDENTIALS_FILE", Path.Combine(folder, "credentials"));
        System.Environment.SetEnvironmentVariable("AWS_CONFIG_FILE", Path.Combine(folder, "config"));
        System.Environment.SetEnvironmentVariable("AWS_EC2_METADATA_DISABLED", "true");
    }
}
