using System.Text.Json.Serialization;

namespace Fe2Ps.Core.Scripts;

/// <summary>The unchanging facts of a job, as <c>.fe2/job.json</c> holds them on every machine. Values of environment variables are not among them.</summary>
internal sealed record JobFacts(
    string Id,
    string Name,
    string Script,
    IReadOnlyList<string> Arguments,
    IReadOnlyList<string> EnvironmentNames,
    OnExit OnExit,
    string TargetId,
    string TargetName,
    string? MonitorId,
    string? MonitorName,
    DateTimeOffset Created)
{
    /// <summary>Which machine of the job this is, counted from 1.</summary>
    public int Attempt { get; init; } = 1;
}

/// <summary>Reads and writes <see cref="JobFacts"/> without reflection.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, UseStringEnumConverter = true, WriteIndented = true)]
[JsonSerializable(typeof(JobFacts))]
internal sealed partial class JobFactsContext : JsonSerializerContext;
