using System.Text;
using System.Text.Json;
using Fe2Ps.Core.Scripts;

namespace Fe2Ps.Core.Spot;

/// <summary>
/// Where a job's recovery is written down: a private folder of the monitor. What each of its machines was and became stands in
/// <c>attempts</c>, a line each, and which volumes it has in <c>volumes</c>: the supervisor there reads and writes both as well; <c>recovery.json</c> has the rest.
/// </summary>
internal static class RecoveryStore
{
    private const string FactsName = "recovery.json";
    internal const string AttemptsName = "attempts";
    private const string VolumesName = "volumes";
    private const string EnvironmentName = "env";

    /// <exception cref="JsonException">Not ours.</exception>
    public static RecoveryFacts? Parse(string json, string? attempts, string? volumes) =>
        JsonSerializer.Deserialize(json, RecoveryFactsContext.Default.RecoveryFacts) is { } facts
            ? JobVolumeLines.Merge(AttemptLines.Merge(facts, attempts), volumes) : null;

    /// <summary>Writes the facts, and the script's environment and arguments as shell text.</summary>
    public static async Task WriteAsync(JobHost monitor, string id, RecoveryFacts facts, Stream environment, CancellationToken cancellationToken)
    {
        await monitor.CallAsync("secret", [id, EnvironmentName], "Keeping the script's environment", environment, cancellationToken).ConfigureAwait(false);
        await WriteAsync(monitor, id, facts, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Writes the facts.</summary>
    public static async Task WriteAsync(JobHost monitor, string id, RecoveryFacts facts, CancellationToken cancellationToken)
    {
        var json = JsonSerializer.SerializeToUtf8Bytes(facts, RecoveryFactsContext.Default.RecoveryFacts);
        await monitor.CallAsync("secret", [id, FactsName], "Writing down how the job goes on", new MemoryStream(json), cancellationToken).ConfigureAwait(false);
        if (facts.Volumes.Count > 0)
        {
            var volumes = Encoding.UTF8.GetBytes(JobVolumeLines.Write(facts.Volumes));
            await monitor.CallAsync("secret", [id, VolumesName], "Writing down the job's volumes", new MemoryStream(volumes), cancellationToken).ConfigureAwait(false);
        }

        var lines = Encoding.UTF8.GetBytes(AttemptLines.Write(facts.Attempts));
        await monitor.CallAsync("secret", [id, AttemptsName], "Writing down the job's machines", new MemoryStream(lines), cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Reads the facts.</summary>
    public static async Task<RecoveryFacts> ReadAsync(JobHost monitor, string id, CancellationToken cancellationToken)
    {
        var result = await monitor.CallAsync("secret", [id, FactsName, "show"], "Reading how the job goes on", null, cancellationToken).ConfigureAwait(false);
        var lines = await monitor.TryCallAsync("secret", [id, AttemptsName, "show"], null, cancellationToken).ConfigureAwait(false);
        var volumes = await monitor.TryCallAsync("secret", [id, VolumesName, "show"], null, cancellationToken).ConfigureAwait(false);
        return Parse(result.OutputText, lines.ExitCode == 0 ? lines.OutputText : null, volumes.ExitCode == 0 ? volumes.OutputText : null)
            ?? throw JobErrors.JobNotFound(id);
    }

    /// <summary>The script's environment and arguments as shell text.</summary>
    public static async Task<Stream> EnvironmentAsync(JobHost monitor, string id, CancellationToken cancellationToken)
    {
        var result = await monitor.CallAsync("secret", [id, EnvironmentName, "show"], "Reading the script's environment", null, cancellationToken).ConfigureAwait(false);
        return new MemoryStream(Encoding.UTF8.GetBytes(result.OutputText));
    }
}
