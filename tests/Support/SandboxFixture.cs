using System.Net.Http.Json;
using System.Text.Json;
using Fe2Ps.Core.Sandboxes;
using Xunit;

namespace Fe2Ps.Tests.Support;

/// <summary>
/// A sandbox that a test class shares: the API alone, as fast as it can. A project that links this file references Fe2Ps.Core, and
/// Fe2Ps.Sandbox with <c>ReferenceOutputAssembly="false"</c> so that it is built.
/// </summary>
public class SandboxFixture : IAsyncLifetime
{
    private static readonly JsonSerializerOptions s_json = new(JsonSerializerDefaults.Web) { DefaultIgnoreCondition = System.Text.Json.Serialization.JsonIgnoreCondition.WhenWritingNull };
    private SandboxProcess? _process;
    private HttpClient? _client;

    /// <summary>How the sandbox is started.</summary>
    protected virtual SandboxOptions Options => new(Program) { Hosts = SandboxHosts.None, Speed = SandboxSpeed.Fast };

    /// <summary>The running sandbox.</summary>
    public SandboxProcess Process => _process ?? throw new InvalidOperationException("The sandbox is not started yet.");

    /// <summary>For example http://127.0.0.1:40000.</summary>
    public string EndpointUrl => Process.EndpointUrl;

    /// <summary>What points any AWS client at the sandbox.</summary>
    public IReadOnlyDictionary<string, string> Environment => Process.Environment;

    /// <summary>The sandbox's program: FE2_SANDBOX, else the one that this repository's build made.</summary>
    public static string Program
    {
        get
        {
            if (System.Environment.GetEnvironmentVariable("FE2_SANDBOX") is { Length: > 0 } named)
                return named;
            var output = new DirectoryInfo(AppContext.BaseDirectory.TrimEnd(Path.DirectorySeparatorChar));
            var root = output;
            while (root is not null && !File.Exists(Path.Combine(root.FullName, "Fe2Ps.sln")))
                root = root.Parent;
            var configuration = output.Parent?.Name ?? "Debug";
            return Path.Combine(root?.FullName ?? ".", "src", "Fe2Ps.Sandbox", "bin", configuration, "net10.0", "Fe2Ps.Sandbox.dll");
        }
    }

    /// <inheritdoc/>
    public virtual async Task InitializeAsync()
    {
        _process = await SandboxProcess.StartAsync(Options);
        _client = new HttpClient { BaseAddress = new Uri(_process.EndpointUrl + "/_sandbox/") };
    }

    /// <inheritdoc/>
    public virtual async Task DisposeAsync()
    {
        _client?.Dispose();
        if (_process is not null)
            await _process.DisposeAsync();
    }

    /// <summary>Sets a fault, for example <c>new { kind = "throttle", operation = "RunInstances", times = 2 }</c>; returns the sandbox's answer.</summary>
    public Task<JsonElement> FaultAsync(object fault) => PostAsync("faults", fault);

    /// <summary>Clears every fault.</summary>
    public async Task ClearFaultsAsync() => (await _client!.DeleteAsync("faults")).EnsureSuccessStatusCode();

    /// <summary>Pretends that the caller's address changed; null shows the true one again.</summary>
    public async Task SetCallerAddressAsync(string? address)
        => (await _client!.PostAsJsonAsync("caller-address", new { address }, s_json)).EnsureSuccessStatusCode();

    /// <summary>Makes records without hosts, for example <c>new { instances = 1000, prefix = "job-" }</c>.</summary>
    public Task<JsonElement> SeedAsync(object seed) => PostAsync("seed", seed);

    /// <summary>Lets a lifecycle policy take its snapshots now, ahead of its time.</summary>
    public Task<JsonElement> RunPolicyAsync(string id) => PostAsync("policies/" + id, new { });

    /// <summary>What there is, with prices.</summary>
    public Task<JsonElement> StateAsync() => _client!.GetFromJsonAsync<JsonElement>("state");

    /// <summary>The API calls since the start or the last <see cref="ForgetCallsAsync"/>, as <c>Operation</c> or <c>Operation:ErrorCode</c>.</summary>
    public async Task<IReadOnlyList<string>> CallsAsync()
    {
        var calls = await _client!.GetFromJsonAsync<JsonElement>("calls");
        return [.. calls.EnumerateArray().Select(call =>
            call.GetProperty("operation").GetString() + (call.TryGetProperty("error", out var error) ? ":" + error.GetString() : ""))];
    }

    /// <summary>Begins the list of calls anew.</summary>
    public async Task ForgetCallsAsync() => (await _client!.DeleteAsync("calls")).EnsureSuccessStatusCode();

    private async Task<JsonElement> PostAsync(string path, object body)
    {
        using var response = await _client!.PostAsJsonAsync(path, body, s_json);
        if (!response.IsSuccessStatusCode)
            throw new InvalidOperationException(await response.Content.ReadAsStringAsync());
        return await response.Content.ReadFromJsonAsync<JsonElement>();
    }
}

/// <summary>A sandbox with the best hosts that this machine can have, at its usual pace.</summary>
public sealed class HostedSandboxFixture : SandboxFixture
{
    /// <inheritdoc/>
    protected override SandboxOptions Options => new(Program) { Speed = SandboxSpeed.Fast };
}
