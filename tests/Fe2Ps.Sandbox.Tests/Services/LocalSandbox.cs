using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using System.Xml.Linq;
using Fe2Ps.Sandbox.Control;
using Fe2Ps.Sandbox.Hosts;
using Fe2Ps.Sandbox.State;
using Fe2Ps.Sandbox.Tests.Hosts;
using Fe2Ps.Sandbox.Wire;

namespace Fe2Ps.Sandbox.Tests.Services;

/// <summary>The error that an API call answered with.</summary>
public sealed class ApiFailure(int status, string code, string message) : Exception($"{code}: {message}")
{
    public int Status { get; } = status;

    public string Code { get; } = code;
}

/// <summary>A sandbox within the test's own process, without hosts and with almost no delays, and a client that signs and sends plain forms.</summary>
public sealed class LocalSandbox : IAsyncLifetime
{
    private static readonly Pace s_pace = new(
        TimeSpan.FromMilliseconds(5), TimeSpan.FromMilliseconds(5), TimeSpan.FromMilliseconds(5), TimeSpan.Zero, TimeSpan.FromMinutes(10), TimeSpan.FromMilliseconds(5))
    {
        Capacity = TimeSpan.FromMilliseconds(50),
    };

    private readonly SandboxState _state;
    private readonly HttpClient _client = new();
    private Server? _server;

    public LocalSandbox()
        : this(new SandboxState())
    {
    }

    internal LocalSandbox(SandboxState state) => _state = state;

    internal Server Server => _server!;

    internal Cloud Cloud => Server.Cloud;

    internal RegionState Region => Cloud.Region("us-east-2");

    public async Task InitializeAsync()
        => _server = await Server.StartAsync(new Cloud(_state, s_pace, TimeProvider.System, new NoFabric(), _ => { }), 0, CancellationToken.None);

    public async Task DisposeAsync()
    {
        _client.Dispose();
        await Server.DisposeAsync();
    }

    /// <summary>The newest image of Ubuntu 24.04 of the region.</summary>
    public static string Ami(string architecture = "x86_64") => Catalogue.PublicImages.Newest("us-east-2", "ubuntu", "24.04", architecture)!.Id;

    /// <summary>Calls an EC2 operation; parameters as <c>Name=value</c>.</summary>
    public async Task<XElement> CallAsync(string operation, params string[] parameters)
    {
        return await QueryAsync("ec2", "2016-11-15", null, operation, parameters);
    }

    /// <summary>Calls an operation of a form service by its signing name; with other keys than the sandbox's own where given.</summary>
    public Task<XElement> QueryAsync(string service, string version, (string Access, string Secret, string Token)? keys, string operation, params string[] parameters)
        => QueryInAsync("us-east-2", service, version, keys, operation, parameters);

    /// <summary>The same in another region.</summary>
    public async Task<XElement> QueryInAsync(
        string region, string service, string version, (string Access, string Secret, string Token)? keys, string operation, params string[] parameters)
    {
        var form = string.Join('&', parameters.Prepend("Version=" + version).Prepend("Action=" + operation).Select(parameter =>
        {
            var equals = parameter.IndexOf('=', StringComparison.Ordinal);
            return $"{Uri.EscapeDataString(parameter[..equals])}={Uri.EscapeDataString(parameter[(equals + 1)..])}";
        }));
        var (status, text) = await SendAsync(service, form, "application/x-www-form-urlencoded", null, region, keys);
        var root = Plain(XElement.Parse(text));
        return status == 200 ? root : throw new ApiFailure(status, root.Descendants("Code").First().Value, root.Descendants("Message").First().Value);
    }

    /// <summary>Calls an operation of a rest-json service by method, path and query; an empty answer is an empty object.</summary>
    public async Task<JsonElement> RestAsync(string service, string method, string path, object? input = null)
    {
        var (status, text) = await SendAsync(service, input is null ? "" : JsonSerializer.Serialize(input), "application/json", null, method: method, path: path);
        var answer = JsonDocument.Parse(text.Length == 0 ? "{}" : text).RootElement;
        return status < 300 ? answer : throw new ApiFailure(status, (answer.TryGetProperty("Code", out var code) ? code : answer.GetProperty("ErrorCode")).GetString()!, text);
    }

    /// <summary>Calls an operation of a json service.</summary>
    public async Task<JsonElement> JsonAsync(string service, string target, object input, string region = "us-east-2")
    {
        var (status, text) = await SendAsync(service, JsonSerializer.Serialize(input), "application/x-amz-json-1.1", target, region);
        var answer = JsonDocument.Parse(text).RootElement;
        return status == 200 ? answer : throw new ApiFailure(status, answer.GetProperty("__type").GetString()!, answer.GetProperty("message").GetString()!);
    }

    /// <summary>The error code that a call answers with.</summary>
    public async Task<string> CodeOfAsync(string operation, params string[] parameters)
        => (await Assert.ThrowsAsync<ApiFailure>(() => CallAsync(operation, parameters))).Code;

    /// <summary>Launches instances with the usual choices and waits until they run.</summary>
    public async Task<IReadOnlyList<string>> LaunchAsync(int count = 1, params string[] parameters)
    {
        var answer = await CallAsync("RunInstances", [$"ImageId={Ami()}", "InstanceType=t3.micro", $"MinCount={count}", $"MaxCount={count}", .. parameters]);
        var ids = answer.Descendants("instanceId").Select(element => element.Value).ToList();
        foreach (var id in ids)
            await StateAsync(id, "running");
        return ids;
    }

    /// <summary>Waits until an instance has a state.</summary>
    public Task StateAsync(string id, string state) => Deadline.UntilAsync(
        () =>
        {
            lock (Cloud.Gate)
                return Region.Instances[id].State.Name() == state;
        },
        $"{id} is {state}");

    public async Task<JsonElement> ControlAsync(HttpMethod method, string path, object? body = null)
    {
        using var request = new HttpRequestMessage(method, $"{Server.Address}/_sandbox/{path}") { Content = body is null ? null : JsonContent.Create(body) };
        using var response = await _client.SendAsync(request);
        var text = await response.Content.ReadAsStringAsync();
        return response.IsSuccessStatusCode ? JsonDocument.Parse(text).RootElement : throw new ApiFailure((int)response.StatusCode, "control", text);
    }

    public Task<JsonElement> FaultAsync(object fault) => ControlAsync(HttpMethod.Post, "faults", fault);

    private static XElement Plain(XElement element) => new(element.Name.LocalName, element.HasElements ? element.Elements().Select(Plain) : element.Value);

    private async Task<(int Status, string Text)> SendAsync(string service, string body, string type, string? target, string region = "us-east-2",
        (string Access, string Secret, string Token)? keys = null, string method = "POST", string path = "/")
    {
        var bytes = Encoding.UTF8.GetBytes(body);
        var date = DateTimeOffset.UtcNow.ToString("yyyyMMdd'T'HHmmss'Z'", System.Globalization.CultureInfo.InvariantCulture);
        var host = new Uri(Server.Address).Authority;
        var signature = Signature.Compute(
            keys?.Secret ?? Credentials.SecretKey, method, path.Split('?')[0], path.Contains('?', StringComparison.Ordinal) ? path[path.IndexOf('?', StringComparison.Ordinal)..] : "",
            [new("host", host), new("x-amz-date", date)], bytes, date, region, service);
        using var request = new HttpRequestMessage(HttpMethod.Parse(method), Server.Address + path) { Content = new ByteArrayContent(bytes) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue(type);
        request.Headers.Add("X-Amz-Date", date);
        if (target is not null)
            request.Headers.Add("X-Amz-Target", target);
        if (keys is { Token.Length: > 0 })
            request.Headers.Add("X-Amz-Security-Token", keys.Value.Token);
        request.Headers.TryAddWithoutValidation(
            "Authorization",
            $"AWS4-HMAC-SHA256 Credential={keys?.Access ?? Credentials.AccessKey}/{date[..8]}/{region}/{service}/aws4_request, SignedHeaders=host;x-amz-date, Signature={signature}");
        using var response = await _client.SendAsync(request);
        return ((int)response.StatusCode, await response.Content.ReadAsStringAsync());
    }
}
