using System.Globalization;
using System.Text;
using System.Text.Json;

using Fe2Ps.Core.Spot;

namespace Fe2Ps.Core.Scripts;

/// <summary>What one machine says about one job: the answer of the remote script <c>report</c>.</summary>
internal sealed class JobReport
{
    private readonly Dictionary<string, string> _fields = [];

    private JobReport(JobFacts facts) => Facts = facts;

    public JobFacts Facts { get; }

    /// <summary>The instance that says so, where it is known.</summary>
    public string? InstanceId { get; init; }

    /// <summary>Whether this is the machine that runs the job, and its processes could be seen.</summary>
    public bool IsFromTarget => _fields.ContainsKey("run");

    /// <summary>
    /// Whether the facts fit the folder that they were found in and could have been written by this tool. The machine may be
    /// in somebody else's hands, and the name becomes a folder on this computer.
    /// </summary>
    private bool IsCredible =>
        _fields.GetValueOrDefault("name") == Facts.Name && JobName.Fault(Facts.Name) is null && JobName.IsId(Facts.Id)
        && Facts is { Script: not null, TargetId: not null, TargetName: not null };

    private bool HasProcess => _fields.GetValueOrDefault("run") == "1" || _fields.GetValueOrDefault("keep") == "1";

    /// <summary>Whether the job is not over and nobody sees to its end any more.</summary>
    public bool NeedsKeeper =>
        IsFromTarget && _fields.GetValueOrDefault("keep") != "1" && StateWord is ("starting" or "running" or "flushing");

    private string StateWord => _fields.GetValueOrDefault("state", "").Split('\n')[0];

    /// <summary>It has a keeper again.</summary>
    public void Revived() => _fields["keep"] = "1";

    public static IEnumerable<JobReport> Parse(string text, string? instanceId = null)
    {
        JobReport? current = null;
        foreach (var line in text.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            var space = line.IndexOf(' ', StringComparison.Ordinal);
            var (field, value) = space < 0 ? (line, "") : (line[..space], line[(space + 1)..]);
            if (field == "json")
                current = ReadFacts(value) is { } facts ? new JobReport(facts) { InstanceId = instanceId } : null;
            else if (field == "end" && current is { IsCredible: true })
                yield return current;
            else if (current is not null)
                current._fields[field] = field is "bytes" or "run" or "keep" ? value : Decode(value);
        }
    }

    /// <summary>The job as the facts alone describe it.</summary>
    public static Job FromFacts(JobFacts facts, JobMachine? target, JobMachine? monitor) =>
        new(facts.Id, facts.Name, facts.Script, JobState.Preparing)
        {
            TargetId = facts.TargetId,
            TargetName = facts.TargetName,
            MonitorId = facts.MonitorId,
            MonitorName = facts.MonitorName,
            OnExit = facts.OnExit,
            Created = facts.Created,
            Target = target,
            Monitor = monitor,
        };

    /// <summary>The job as this machine knows it.</summary>
    /// <param name="target">The target, if it is among the machines asked.</param>
    /// <param name="monitor">The monitor, if it is.</param>
    public Job ToJob(JobMachine? target, JobMachine? monitor)
    {
        var lines = _fields.GetValueOrDefault("state", "").Split('\n', 2);
        var state = lines[0] switch
        {
            "running" => JobState.Running,
            "flushing" => JobState.Flushing,
            "finished" => JobState.Finished,
            "lost" => JobState.Lost,
            _ => JobState.Preparing,
        };
        var note = lines.Length > 1 ? lines[1].Trim() : null;
        if (state == JobState.Running && _fields.GetValueOrDefault("run") == "0")
            state = JobState.Flushing;
        // What the supervisor cannot do by itself is what the user has to know.
        if (string.IsNullOrEmpty(note) && _fields.GetValueOrDefault("supervisor") is { } trouble)
            note = $"the supervisor on {Facts.MonitorName}: {trouble}";
        var notice = _fields.GetValueOrDefault("interrupted", "").Split(' ', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        if (notice.Length >= 3 && state == JobState.Running)
            state = JobState.Interrupted;
        if (state == JobState.Flushing && IsFromTarget && !HasProcess)
            (state, note) = (JobState.Lost, "the machine was restarted or the job's processes were killed before the results were flushed");
        return FromFacts(Facts, target, monitor) with
        {
            State = state,
            Note = !string.IsNullOrEmpty(note) ? note
                : state is JobState.Running or JobState.Interrupted && _fields.GetValueOrDefault("checkpoint-note") is { Length: > 0 } said ? said : null,
            ExitCode = int.TryParse(_fields.GetValueOrDefault("exit-code"), NumberStyles.None, CultureInfo.InvariantCulture, out var code) ? code : null,
            Started = Time("started"),
            Ended = Time("ended"),
            LastSeen = Time("ended") ?? Time("heartbeat") ?? Time("started"),
            Interrupted = notice.Length >= 3 ? Moment(notice[2]) : null,
            Deadline = notice.Length >= 3 ? Moment(notice[0]) : null,
            Saved = Time("saved"),
            Checkpoint = Time("checkpoint-at"),
            Recovery = Recovery,
            IsStopped = _fields.ContainsKey("stopped"),
            Bytes = long.TryParse(_fields.GetValueOrDefault("bytes"), NumberStyles.None, CultureInfo.InvariantCulture, out var bytes) ? bytes : 0,
            Session = _fields.GetValueOrDefault("session"),
        };
    }

    private DateTimeOffset? Time(string field) => Moment(_fields.GetValueOrDefault(field)?.Trim());

    private static DateTimeOffset? Moment(string? text) =>
        DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time)
            ? time
            : null;

    /// <summary>How the job goes on over several machines; only its monitor knows.</summary>
    public RecoveryFacts? Recovery
    {
        get
        {
            try
            {
                return _fields.GetValueOrDefault("recovery") is { } json ? RecoveryStore.Parse(json, _fields.GetValueOrDefault("attempts"), _fields.GetValueOrDefault("volumes")) : null;
            }
            catch (JsonException)
            {
                return null;
            }
        }
    }

    private static JobFacts? ReadFacts(string base64)
    {
        try
        {
            return JsonSerializer.Deserialize(Convert.FromBase64String(base64), JobFactsContext.Default.JobFacts);
        }
        catch (Exception e) when (e is JsonException or FormatException)
        {
            // Cut off by a full disk, or not ours.
            return null;
        }
    }

    private static string Decode(string base64)
    {
        try
        {
            return Encoding.UTF8.GetString(Convert.FromBase64String(base64)).TrimEnd('\n');
        }
        catch (FormatException)
        {
            return "";
        }
    }
}
