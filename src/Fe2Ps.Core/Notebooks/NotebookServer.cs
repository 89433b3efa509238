using System.Text.Json;

namespace Fe2Ps.Core.Notebooks;

/// <summary>A Jupyter server that runs on a machine.</summary>
public sealed class NotebookServer
{
    private readonly string _token;
    private readonly string _path;
    private readonly string _scheme;

    private NotebookServer(int port, string folder, string token, string path, bool isSecure) =>
        (Port, Folder, _token, _path, _scheme) = (port, folder, token, path, isSecure ? "https" : "http");

    /// <summary>Its port there.</summary>
    public int Port { get; }

    /// <summary>The folder it shows, a full path there.</summary>
    public string Folder { get; }

    /// <summary>The address through a tunnel, with the token that it asks for at the first visit: a secret.</summary>
    public string UrlAt(int localPort) =>
        $"{_scheme}://localhost:{localPort}{_path}" + (_token.Length == 0 ? "" : "?token=" + Uri.EscapeDataString(_token));

    /// <summary>Without the token: this text may land in a log.</summary>
    public override string ToString() => $"Jupyter on port {Port} in {Folder}";

    /// <summary>Reads the file that a server keeps about itself (jupyter_server and notebook: <c>server_info</c>), or null where it tells of no port.</summary>
    internal static NotebookServer? Read(string text)
    {
        try
        {
            using JsonDocument json = JsonDocument.Parse(text);
            JsonElement root = json.RootElement;
            // A server on a unix socket has the port 0.
            if (root.GetProperty("port").GetInt32() is not (> 0 and var port)) return null;
            // What the machine says becomes a part of an address here: it must not name another host, nor end the text that holds it.
            if (!(Text(root, "base_url") ?? "/").All(IsOfPath) || Text(root, "base_url") is { } path && path[0] != '/') return null;
            return new NotebookServer(
                port, Text(root, "root_dir") ?? Text(root, "notebook_dir") ?? "", Text(root, "token") ?? "", Text(root, "base_url") ?? "/",
                root.TryGetProperty("secure", out JsonElement secure) && secure.ValueKind == JsonValueKind.True);
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            // A file that is being written; it is looked at again.
            return null;
        }
    }

    private static bool IsOfPath(char c) => char.IsAsciiLetterOrDigit(c) || "/-._~%+@:,=".Contains(c);

    private static string? Text(JsonElement root, string name) =>
        root.TryGetProperty(name, out JsonElement value) && value.GetString() is { Length: > 0 } text ? text : null;
}
