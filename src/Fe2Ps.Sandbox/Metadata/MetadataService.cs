using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using Fe2Ps.Sandbox.State;
using Fe2Ps.Sandbox.Wire;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;

namespace Fe2Ps.Sandbox.Metadata;

/// <summary>
/// 169.254.169.254 as the hosts see it, versions 1 and 2. Callers are told apart by their private address. What is signed is an API
/// call: the hosts reach nothing of the machine, and this is the one address that leads them to the sandbox.
/// </summary>
internal sealed class MetadataService(Cloud cloud, ApiEndpoint? api = null) : IAsyncDisposable
{
    private const string TokenHeader = "X-aws-ec2-metadata-token";
    private readonly ConcurrentDictionary<string, Token> _tokens = new(StringComparer.Ordinal);
    private WebApplication? _application;

    /// <summary>Answers on the fabric's socket; does nothing where there is none.</summary>
    public async Task StartAsync(Socket? socket, CancellationToken cancellationToken)
    {
        if (socket is null)
            return;
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory });
        builder.Logging.ClearProviders();
        builder.Services.Configure<HostOptions>(options => options.ShutdownTimeout = TimeSpan.FromSeconds(2));
        builder.Services.Configure<SocketTransportOptions>(options => options.CreateBoundListenSocket = _ => socket);
        builder.WebHost.ConfigureKestrel(options =>
        {
            options.AddServerHeader = false;
            options.Listen(IPAddress.Parse("169.254.169.254"), 80);
        });
        _application = builder.Build();
        _application.Run(HandleAsync);
        await _application.StartAsync(cancellationToken).ConfigureAwait(false);
    }

    public async Task HandleAsync(HttpContext context)
    {
        if (api is not null && HttpMethods.IsPost(context.Request.Method) && Scope.Read(context.Request) is not null)
        {
            await api.HandleAsync(context).ConfigureAwait(false);
            return;
        }

        if (cloud.Faults.Strike("imds-slow", context.Request.Path) is { } slow)
            await Task.Delay(TimeSpan.FromSeconds(slow.Seconds ?? 5), cloud.Time, context.RequestAborted).ConfigureAwait(false);
        var (status, text, seconds) = Struck(context.Request) ?? Answer(context.Request, context.Connection.RemoteIpAddress!.MapToIPv4());
        var response = context.Response;
        var skew = Skew(context.Request);
        if (skew != TimeSpan.Zero)
            response.Headers.Date = (cloud.Now + skew).ToString("R", CultureInfo.InvariantCulture);
        response.StatusCode = status;
        response.ContentType = "text/plain";
        if (seconds is not null)
            response.Headers["X-aws-ec2-metadata-token-ttl-seconds"] = seconds;
        await response.Body.WriteAsync(Encoding.Latin1.GetBytes(text), context.RequestAborted).ConfigureAwait(false);
    }

    /// <summary>How far EC2's clock is ahead of the hosts': they share the kernel's, so it is EC2's that goes wrong.</summary>
    private TimeSpan Skew(HttpRequest request) => TimeSpan.FromSeconds(cloud.Faults.Strike("imds-skew", request.Path)?.Seconds ?? 0);

    public async ValueTask DisposeAsync()
    {
        if (_application is null)
            return;
        await _application.StopAsync().ConfigureAwait(false);
        await _application.DisposeAsync().ConfigureAwait(false);
    }

    /// <summary>What there is at a path: the text of a leaf, or the names under it, those with more under them with a slash; null for nothing.</summary>
    public static string? Find(SortedDictionary<string, string> tree, string path, string? keyName)
    {
        path = path.Trim('/');
        if (tree.TryGetValue(path, out var text))
            return text;
        if (path == "meta-data/public-keys" && keyName is not null && tree.ContainsKey("meta-data/public-keys/0/openssh-key"))
            return $"0={keyName}";
        var prefix = path.Length == 0 ? "" : path + "/";

        // A tag's name may hold a slash; only here it is part of a name and not a way down.
        if (path == "meta-data/tags/instance")
            prefix = "meta-data/tags/instance/";
        var names = tree.Keys.Where(key => key.StartsWith(prefix, StringComparison.Ordinal)).Select(key =>
        {
            var rest = key[prefix.Length..];
            var slash = path == "meta-data/tags/instance" ? -1 : rest.IndexOf('/');
            return slash < 0 ? rest : rest[..(slash + 1)];
        }).Distinct().ToList();
        return names.Count == 0 ? null : string.Join('\n', names);
    }

    private (int Status, string Text, string? Seconds) Answer(HttpRequest request, IPAddress caller)
    {
        lock (cloud.Gate)
        {
            var address = caller.ToString();
            var (region, instance) = cloud.State.Regions.Values
                .SelectMany(region => region.Instances.Values.Select(instance => (region, instance)))
                .FirstOrDefault(pair => pair.instance.PrivateIp == address && pair.instance.IsAlive);
            if (instance is null)
                return (404, "", null);
            if (instance.HttpEndpoint == "disabled")
                return (403, "", null);
            var path = request.Path.Value ?? "/";
            if (path == "/latest/api/token")
                return HttpMethods.IsPut(request.Method) ? MakeToken(request, instance) : (405, "", null);
            if (!HttpMethods.IsGet(request.Method))
                return (405, "", null);
            var token = request.Headers[TokenHeader].ToString();
            if (token.Length == 0 ? instance.HttpTokens == "required" : !IsValid(token, instance))
                return (401, "", null);
            if (path is "/" or "")
                return (200, "latest", null);
            if (path != "/latest" && !path.StartsWith("/latest/", StringComparison.Ordinal))
                return (404, "", null);
            var text = Find(MetadataTree.Of(cloud, region, instance, Skew(request)), path["/latest".Length..], instance.KeyName);
            return text is null ? (404, "", null) : (200, text, null);
        }
    }

    /// <summary>What a fault answers, or null: a service that is not well, or one that knows none of its tokens any more.</summary>
    private (int Status, string Text, string? Seconds)? Struck(HttpRequest request)
    {
        if (cloud.Faults.Strike("imds-error", request.Path) is { } error)
            return (error.Status ?? 503, "", null);
        if (HttpMethods.IsGet(request.Method) && cloud.Faults.Strike("imds-expired", request.Path) is not null)
            _tokens.Clear();
        return null;
    }

    private (int Status, string Text, string? Seconds) MakeToken(HttpRequest request, Instance instance)
    {
        // A proxy that forwards for others must not get tokens.
        if (request.Headers.ContainsKey("X-Forwarded-For"))
            return (403, "", null);
        var wanted = request.Headers["X-aws-ec2-metadata-token-ttl-seconds"].ToString();
        if (!int.TryParse(wanted, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds) || seconds is < 1 or > 21600)
            return (400, "", null);
        foreach (var (old, _) in _tokens.Where(pair => pair.Value.Until < cloud.Now))
            _tokens.TryRemove(old, out _);
        var token = Convert.ToBase64String(RandomNumberGenerator.GetBytes(42));
        _tokens[token] = new Token(instance.Id, cloud.Now.AddSeconds(seconds));
        return (200, token, wanted);
    }

    private bool IsValid(string token, Instance instance)
        => _tokens.TryGetValue(token, out var known) && known.InstanceId == instance.Id && known.Until >= cloud.Now;

    private sealed record Token(string InstanceId, DateTimeOffset Until);
}
