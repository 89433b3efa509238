using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Fe2Ps.Aws.Tests.Clients;

/// <summary>What the loopback service saw of one request.</summary>
internal sealed record SeenRequest(string Body, IReadOnlyDictionary<string, string> Headers)
{
    public string Method { get; init; } = "POST";

    /// <summary>Path and query as they were sent.</summary>
    public string Target { get; init; } = "/";

    public IReadOnlyDictionary<string, string> Fields { get; } = Body
        .Split('&', StringSplitOptions.RemoveEmptyEntries)
        .Select(pair => pair.Split('=', 2))
        .Where(pair => pair.Length == 2)
        .ToDictionary(pair => WebUtility.UrlDecode(pair[0]), pair => WebUtility.UrlDecode(pair[1]));
}

/// <summary>What the loopback service says.</summary>
internal sealed record Answer(int Status, string Body, string ContentType = "text/xml", params (string Name, string Value)[] Headers)
{
    /// <summary>No answer at all until the service goes away.</summary>
    public static Answer Silence { get; } = new(0, "");

    /// <summary>Whether the connection breaks before the announced length has been sent.</summary>
    public bool BreaksOff { get; init; }

    public static Answer Ok(string body) => new(200, body);

    public static Answer Error(int status, string code, string message = "no") => new(
        status,
        $"<?xml version=\"1.0\"?><Response><Errors><Error><Code>{code}</Code><Message>{message}</Message></Error></Errors><RequestID>req-7</RequestID></Response>");
}

/// <summary>A web service on 127.0.0.1 that gives prepared answers, the last of them for ever.</summary>
internal sealed class LoopbackService : IDisposable
{
    private readonly HttpListener _listener;
    private readonly ConcurrentQueue<SeenRequest> _seen = new();
    private readonly Func<SeenRequest, int, Answer> _answer;

    public LoopbackService(params Answer[] answers)
        : this((_, number) => answers[Math.Min(number, answers.Length - 1)])
    {
    }

    public LoopbackService(Func<SeenRequest, int, Answer> answer)
    {
        _answer = answer;
        (_listener, Url) = Started();
        _ = Task.Run(ServeAsync);
    }

    public string Url { get; }

    public IReadOnlyList<SeenRequest> Seen => [.. _seen];

    public void Dispose() => _listener.Close();

    private static (HttpListener Listener, string Url) Started()
    {
        // HttpListener cannot choose a free port by itself, and another process may take the one just found.
        for (var attempt = 0; ; attempt++)
        {
            using var probe = new TcpListener(IPAddress.Loopback, 0);
            probe.Start();
            var url = $"http://127.0.0.1:{((IPEndPoint)probe.LocalEndpoint).Port}/";
            probe.Stop();
            var listener = new HttpListener { Prefixes = { url } };
            try
            {
                listener.Start();
                return (listener, url);
            }
            catch (HttpListenerException) when (attempt < 10)
            {
                listener.Close();
            }
        }
    }

    private async Task ServeAsync()
    {
        while (true)
        {
            HttpListenerContext context;
            try
            {
                context = await _listener.GetContextAsync();
            }
            catch (Exception gone) when (gone is HttpListenerException or ObjectDisposedException)
            {
                return;
            }

            using var reader = new StreamReader(context.Request.InputStream);
            var headers = context.Request.Headers.AllKeys.ToDictionary(k => k!, k => context.Request.Headers[k]!, StringComparer.OrdinalIgnoreCase);
            var seen = new SeenRequest(await reader.ReadToEndAsync(), headers) { Method = context.Request.HttpMethod, Target = context.Request.RawUrl! };
            var number = _seen.Count;
            _seen.Enqueue(seen);
            var answer = _answer(seen, number);
            if (answer.Status == 0) continue;
            var body = Encoding.UTF8.GetBytes(answer.Body);
            context.Response.StatusCode = answer.Status;
            if (answer.Status == 204)
            {
                context.Response.Close();
                continue;
            }

            context.Response.ContentType = answer.ContentType;
            foreach (var (name, value) in answer.Headers) context.Response.Headers[name] = value;
            context.Response.ContentLength64 = body.Length + (answer.BreaksOff ? 1000 : 0);
            await context.Response.OutputStream.WriteAsync(body);
            if (answer.BreaksOff) context.Response.Abort();
            else context.Response.Close();
        }
    }
}
