using System.Buffers;
using System.Collections.Concurrent;
using System.Text;
using System.Text.Json;
using Fe2Ps.Core.Sessions;

namespace Fe2Ps.Core.Caches;

/// <summary>An answer that was kept.</summary>
/// <param name="At">When AWS gave it.</param>
/// <param name="Value">What it was.</param>
internal sealed record Cached<T>(DateTimeOffset At, T Value)
{
    /// <summary>True for an answer that is not older than this. One from the future was kept under a wrong clock.</summary>
    public bool IsFresh(TimeSpan age, DateTimeOffset now) => At <= now && now - At <= age;
}

/// <summary>
/// Answers kept as files of the Fe2 folder, one file an answer, replaced as a whole: two processes that learn the same thing at
/// once both write a good file. A file that cannot be read, or that another version wrote, counts as none. What is in memory is
/// used while the file is the one that it was read from.
/// </summary>
internal static class DiskCache
{
    private const int Version = 1;
    private static readonly ConcurrentDictionary<string, Entry> Memory = new();

    /// <summary>The kept answer, or null.</summary>
    /// <param name="folder">The Fe2 folder.</param>
    /// <param name="name">The name of the file, without ending.</param>
    /// <param name="read">Reads the value; throws for anything unexpected.</param>
    public static Cached<T>? Find<T>(Fe2Home folder, string name, Func<JsonElement, T> read)
    {
        string path = PathOf(folder, name);
        var file = new FileInfo(path);
        // Both are facts of the same moment: FileInfo asks once.
        Stamp? stamp = file.Exists ? new Stamp(file.LastWriteTimeUtc, file.Length) : null;
        if (Memory.TryGetValue(path, out Entry? entry) && (entry.IsUnsaved || entry.Stamp == stamp))
            return (Cached<T>?)entry.Answer;
        if (stamp is null)
            return null;
        Cached<T>? answer = Read(path, read);
        Memory[path] = new Entry(answer, stamp, false);
        return answer;
    }

    /// <summary>Keeps an answer. Where the disk refuses it, at least this process knows it.</summary>
    public static Cached<T> Put<T>(Fe2Home folder, string name, DateTimeOffset at, T value, Action<Utf8JsonWriter, T> write)
    {
        var answer = new Cached<T>(at, value);
        string path = PathOf(folder, name);
        var text = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(text))
        {
            writer.WriteStartObject();
            writer.WriteNumber("version", Version);
            writer.WriteString("at", at);
            writer.WritePropertyName("value");
            write(writer, value);
            writer.WriteEndObject();
        }

        try
        {
            folder.Write(Encoding.UTF8.GetString(text.WrittenSpan), "cache", name + ".json");
            // Perhaps another process has written in between: then the next look reads its file.
            var file = new FileInfo(path);
            if (file.Exists && file.Length == text.WrittenCount)
                Memory[path] = new Entry(answer, new Stamp(file.LastWriteTimeUtc, file.Length), false);
            else
                Memory.TryRemove(path, out _);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Memory[path] = new Entry(answer, null, true);
        }

        return answer;
    }

    /// <summary>Forgets what is in memory; the files stay. For measurements and tests.</summary>
    internal static void ForgetMemory() => Memory.Clear();

    private static Cached<T>? Read<T>(string path, Func<JsonElement, T> read)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(path));
            JsonElement root = document.RootElement;
            return root.GetProperty("version").GetInt32() == Version
                ? new Cached<T>(root.GetProperty("at").GetDateTimeOffset(), read(root.GetProperty("value")))
                : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException or InvalidOperationException
            or FormatException or KeyNotFoundException or ArgumentException)
        {
            return null;
        }
    }

    private static string PathOf(Fe2Home folder, string name) => folder.PathOf("cache", name + ".json");

    private sealed record Stamp(DateTime Written, long Length);

    private sealed record Entry(object? Answer, Stamp? Stamp, bool IsUnsaved);
}
