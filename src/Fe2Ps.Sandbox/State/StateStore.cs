using System.Text.Json;
using System.Text.Json.Serialization;
using Fe2Ps.Sandbox.Wire;

namespace Fe2Ps.Sandbox.State;

/// <summary>Keeps the state in a file: written whole, beside the old one, and then put in its place.</summary>
internal sealed class StateStore(string folder)
{
    private static readonly JsonSerializerOptions s_json = new()
    {
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        IgnoreReadOnlyProperties = true,
        Converters = { new FieldsConverter() },
    };

    private readonly string _file = Path.Combine(folder, "state.json");
    private long _written;

    /// <summary>The state of the last time, or a new one.</summary>
    /// <exception cref="InvalidDataException">The file is not a state of the sandbox.</exception>
    public SandboxState Load()
    {
        Directory.CreateDirectory(folder);
        if (!File.Exists(_file))
            return new SandboxState();
        try
        {
            using var stream = File.OpenRead(_file);
            return JsonSerializer.Deserialize<SandboxState>(stream, s_json) ?? new SandboxState();
        }
        catch (JsonException error)
        {
            throw new InvalidDataException($"{_file} is not a state of the sandbox: {error.Message}", error);
        }
    }

    /// <summary>Writes the state if it has changed since the last time.</summary>
    public async Task SaveAsync(Cloud cloud, CancellationToken cancellationToken)
    {
        byte[] bytes;
        long version;
        lock (cloud.Gate)
        {
            version = cloud.Version;
            if (version == _written)
                return;
            bytes = JsonSerializer.SerializeToUtf8Bytes(cloud.State, s_json);
        }

        var fresh = _file + ".new";
        await using (var stream = new FileStream(fresh, FileMode.Create, FileAccess.Write))
        {
            await stream.WriteAsync(bytes, cancellationToken).ConfigureAwait(false);
            stream.Flush(flushToDisk: true);
        }

        File.Move(fresh, _file, overwrite: true);
        _written = version;
    }

    /// <summary>Writes changes as they come, until it is told to end.</summary>
    public async Task KeepAsync(Cloud cloud, CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(300), cloud.Time);
        try
        {
            while (await timer.WaitForNextTickAsync(cancellationToken).ConfigureAwait(false))
                await SaveAsync(cloud, cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
        }
        catch (IOException error)
        {
            cloud.Log($"The state cannot be written: {error.Message}");
        }
    }
}
