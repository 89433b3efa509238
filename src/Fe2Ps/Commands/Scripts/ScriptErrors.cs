using Fe2Ps.Core;
using Fe2Ps.Core.Scripts;

namespace Fe2Ps.Commands;

/// <summary>What went wrong with a job that is over.</summary>
internal static class ScriptErrors
{
    /// <summary>The failure, or null for a script that ended well.</summary>
    public static Fe2Exception? Of(Job job) => job switch
    {
        { State: JobState.Lost } => new Fe2Exception(
            "ScriptLost", Fe2ErrorKind.OperationFailed, $"The job {job.Name} was lost: {job.Note ?? "its machine ended before the script did"}.",
            job.MonitorName is { } monitor ? $"What had arrived on {monitor} is still there: Receive-Fe2Script {job.Name}." : "Start it again; with -Monitor every result is kept elsewhere as it is written.",
            job.Id),
        { State: JobState.Finished, ExitCode: not 0 } => new Fe2Exception(
            "ScriptFailed", Fe2ErrorKind.OperationFailed,
            job.IsStopped ? $"The script of job {job.Name} was stopped." : $"The script of job {job.Name} ended with exit code {job.ExitCode?.ToString(System.Globalization.CultureInfo.InvariantCulture) ?? "unknown"}.",
            $"Its output says why: Receive-Fe2Script {job.Name} -Follow.", job.Id),
        _ => null,
    };
}
