using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net.WebSockets;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Fe2Ps.Core.Tests.Charts;

/// <summary>A test in a real browser; skipped by name where there is none.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class ChromiumTheoryAttribute : TheoryAttribute
{
    public ChromiumTheoryAttribute() => Skip = Chromium.Program is null ? "chromium is not installed" : null;
}

/// <summary>A headless Chromium with one page, driven by its DevTools protocol: https://chromedevtools.github.io/devtools-protocol/</summary>
internal sealed class Chromium : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("fe2-chromium-");
    private readonly ClientWebSocket socket = new();
    private readonly CancellationTokenSource end = new();
    private readonly ConcurrentDictionary<int, TaskCompletionSource<JsonNode>> answers = new();
    private Process? process;
    private Task? reading;
    private string? session;
    private int calls;

    private Chromium()
    {
    }

    /// <summary>The browser, or null.</summary>
    public static string? Program { get; } = new[] { "/usr/bin/chromium", "/usr/bin/google-chrome" }.FirstOrDefault(File.Exists);

    /// <summary>Everything that the page told: method and parameters.</summary>
    public ConcurrentQueue<(string Method, JsonNode Data)> Events { get; } = new();

    public static async Task<Chromium> StartAsync()
    {
        var browser = new Chromium();
        await browser.LaunchAsync();
        return browser;
    }

    /// <summary>Calls a method of the protocol on the page.</summary>
    public async Task<JsonNode> CallAsync(string method, object? data = null)
    {
        int id = Interlocked.Increment(ref calls);
        var answer = new TaskCompletionSource<JsonNode>(TaskCreationOptions.RunContinuationsAsynchronously);
        answers[id] = answer;
        byte[] message = JsonSerializer.SerializeToUtf8Bytes(new { id, method, @params = data ?? new { }, sessionId = session }, JsonSerializerOptions.Default);
        if (session is null)
            message = JsonSerializer.SerializeToUtf8Bytes(new { id, method, @params = data ?? new { } });
        await socket.SendAsync(message, WebSocketMessageType.Text, true, end.Token);
        return await answer.Task.WaitAsync(Patience);
    }

    /// <summary>Opens a page and waits until all of it is there.</summary>
    public async Task OpenAsync(string url)
    {
        await CallAsync("Page.navigate", new { url });
        await Until.TrueAsync(() => Events.Any(e => e.Method == "Page.loadEventFired"), "the page is loaded", 120);
    }

    /// <summary>The value of an expression in the page.</summary>
    public async Task<JsonNode?> ValueAsync(string expression)
    {
        JsonNode answer = await CallAsync("Runtime.evaluate", new { expression, returnByValue = true, awaitPromise = true });
        Assert.True(answer["exceptionDetails"] is null, answer["exceptionDetails"]?.ToJsonString());
        return answer["result"]!["value"];
    }

    /// <summary>What the window shows, as a PNG.</summary>
    public async Task<byte[]> ScreenshotAsync() =>
        Convert.FromBase64String((await CallAsync("Page.captureScreenshot", new { format = "png" }))["data"]!.GetValue<string>());

    public async ValueTask DisposeAsync()
    {
        await end.CancelAsync();
        if (process is not null)
        {
            process.Kill(entireProcessTree: true);
            await process.WaitForExitAsync();
            process.Dispose();
        }

        if (reading is not null)
            await reading.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        socket.Dispose();
        end.Dispose();
        await Until.TrueAsync(TryDelete, "the browser's folder is gone");
    }

    private async Task LaunchAsync()
    {
        var start = new ProcessStartInfo(Program!) { RedirectStandardError = true, RedirectStandardOutput = true };
        string[] words =
        [
            "--headless", "--remote-debugging-port=0", $"--user-data-dir={folder.FullName}", "--no-first-run", "--no-default-browser-check", "--disable-gpu",
            "--disable-extensions", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--hide-scrollbars",
            "--disable-dev-shm-usage", .. Environment.UserName == "root" ? new[] { "--no-sandbox" } : [], "about:blank",
        ];
        foreach (string word in words)
            start.ArgumentList.Add(word);
        process = Process.Start(start)!;
        var address = new TaskCompletionSource<Uri>(TaskCreationOptions.RunContinuationsAsynchronously);
        process.ErrorDataReceived += (_, line) =>
        {
            if (line.Data?.Split("DevTools listening on ") is [_, var text])
                address.TrySetResult(new Uri(text));
        };
        process.OutputDataReceived += (_, _) => { };
        process.BeginErrorReadLine();
        process.BeginOutputReadLine();
        await socket.ConnectAsync(await address.Task.WaitAsync(Patience), end.Token);
        reading = ReadAsync();
        JsonNode target = await CallAsync("Target.createTarget", new { url = "about:blank" });
        session = (await CallAsync("Target.attachToTarget", new { targetId = target["targetId"]!.GetValue<string>(), flatten = true }))["sessionId"]!.GetValue<string>();
        foreach (string domain in new[] { "Page", "Network", "Runtime", "Log" })
            await CallAsync(domain + ".enable");
    }

    private async Task ReadAsync()
    {
        var buffer = new byte[1 << 16];
        while (!end.IsCancellationRequested)
        {
            using var message = new MemoryStream();
            WebSocketReceiveResult part;
            do
            {
                part = await socket.ReceiveAsync(buffer, end.Token);
                message.Write(buffer, 0, part.Count);
            }
            while (!part.EndOfMessage);
            JsonNode node = JsonNode.Parse(message.ToArray())!;
            if (node["id"] is { } id && answers.TryRemove(id.GetValue<int>(), out TaskCompletionSource<JsonNode>? answer))
            {
                if (node["result"] is { } result) answer.SetResult(result);
                else answer.SetException(new InvalidOperationException(node.ToJsonString()));
            }
            else if (node["method"] is { } method)
            {
                Events.Enqueue((method.GetValue<string>(), node["params"]!));
            }
        }
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
}
