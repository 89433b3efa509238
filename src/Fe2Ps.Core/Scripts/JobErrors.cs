using Fe2Ps.Core.Ssh;

namespace Fe2Ps.Core.Scripts;

/// <summary>Every failure that the scripts room can report.</summary>
internal static class JobErrors
{
    public static Fe2Exception ScriptMissing(string path) => new(
        "ScriptNotFound", Fe2ErrorKind.NotFound, $"There is no script '{path}' on this computer.", "Check the path.", path);

    public static Fe2Exception FileMissing(string path) => new(
        "FileNotFound", Fe2ErrorKind.NotFound, $"There is no file or folder '{path}' on this computer.", "Check the path.", path);

    public static Fe2Exception NameInvalid(string name, string reason) => new(
        "JobNameInvalid", Fe2ErrorKind.InvalidArgument, $"'{name}' cannot be a job's name: {reason}",
        "Give another name; it becomes a folder below ~/fastec2.", name);

    public static Fe2Exception EnvironmentInvalid(string name) => new(
        "EnvironmentNameInvalid", Fe2ErrorKind.InvalidArgument, $"'{name}' cannot be an environment variable's name.",
        "Use letters, digits and '_', and begin with a letter or '_'.", name);

    public static Fe2Exception FilesCollide(string name) => new(
        "FileNameTwice", Fe2ErrorKind.InvalidArgument, $"Two of the files are called '{name}', and both would go to the job's folder.",
        "Rename one, or put it into a folder of its own.", name);

    public static Fe2Exception NameReserved(string name) => new(
        "FileNameReserved", Fe2ErrorKind.InvalidArgument, $"A file for the job cannot be called '{name}'.",
        "Rename it: .fe2 is where a job keeps its own facts.", name);

    public static Fe2Exception MonitorIsTarget(string name) => new(
        "MonitorIsTarget", Fe2ErrorKind.InvalidArgument, $"'{name}' cannot be the monitor of its own job.",
        "Name another instance as the monitor, or none.", name);

    public static Fe2Exception OnExitNeedsMonitor(OnExit onExit) => new(
        "OnExitNeedsMonitor", Fe2ErrorKind.InvalidArgument,
        $"The machine cannot {onExit.ToString().ToLowerInvariant()} by itself when nobody else has the results.",
        "Name a monitor, or wait for the script and receive its results.", onExit);

    public static Fe2Exception OnExitConflicts(OnExit onExit, JobMachine machine, string other) => new(
        "OnExitConflicts", Fe2ErrorKind.InvalidState,
        $"{machine.Name} cannot {onExit.ToString().ToLowerInvariant()} after this job: another job there ({other}) asked for its other end, and a machine knows only one.",
        "Give both jobs the same action on exit, or none to this one.", machine.Id);

    public static Fe2Exception RecoveryNeedsMonitor() => new(
        "RecoveryNeedsMonitor", Fe2ErrorKind.InvalidArgument, "A job can only go on elsewhere when another machine has its results.",
        "Name a monitor, one that is not interrupted.", null);

    public static Fe2Exception CheckpointEveryInvalid(string every) => new(
        "CheckpointEveryInvalid", Fe2ErrorKind.InvalidArgument, $"The memory of a script cannot be kept every '{every}'.",
        "Give a -CheckpointEvery from 10s to 1d, for example 10m.", every);

    public static Fe2Exception CheckpointNeedsRecover() => new(
        "CheckpointNeedsRecover", Fe2ErrorKind.InvalidArgument, "-Checkpoint keeps the memory of a script for the next machine, and without -Recover there is none.",
        "Add -Recover, or leave -Checkpoint out.", null);

    public static Fe2Exception CannotStop(JobMachine machine) => new(
        "InstanceCannotStop", Fe2ErrorKind.InvalidArgument,
        $"{machine.Name} is a one-time spot instance: it cannot stop, only terminate, and its disk would go with it.",
        "Use Terminate, or no action on exit.", machine.Id);

    public static Fe2Exception ComesBack(JobMachine machine, string request) => new(
        "InstanceComesBack", Fe2ErrorKind.InvalidArgument,
        $"{machine.Name} belongs to the persistent spot request {request}: when it terminates itself, EC2 launches another instance in its place, which costs money and does nothing.",
        $"Use Stop, or cancel the request first: aws ec2 cancel-spot-instance-requests --spot-instance-request-ids {request}", machine.Id);

    public static Fe2Exception StartUnknown(string id, JobMachine machine, Exception cause) => new(
        "ScriptStartUnknown", Fe2ErrorKind.Connection,
        $"{machine.Name} was asked to start job {id} and does not answer any more, so it is not known whether the script runs. Everything was left as it is.",
        "List the jobs when the machine can be reached again; stop the job if it runs and should not.", id, cause);

    public static Fe2Exception NotRunning(JobMachine machine) => new(
        "InstanceNotRunning", Fe2ErrorKind.InvalidState, $"{machine.Name} ({machine.Id}) does not run.",
        "Start it first.", machine.Id);

    public static Fe2Exception NoSudo(JobMachine machine) => new(
        "SudoNeeded", Fe2ErrorKind.Security, $"The user {machine.Ssh.User} of {machine.Name} may not use sudo without a password, so the machine cannot end itself.",
        "Run the script without an action on exit, or allow sudo.", machine.Id);

    public static Fe2Exception Missing(JobMachine machine, string program, string? reason) => new(
        "ProgramMissing", Fe2ErrorKind.NotInstalled,
        $"{machine.Name} has no {program}, and it could not be installed there{(string.IsNullOrEmpty(reason) ? "" : ": " + reason.TrimEnd('.'))}.",
        $"Install {program} on the machine (or freeze an image that has it), then start the script again.", machine.Id);

    public static Fe2Exception JobExists(string name, JobMachine machine) => new(
        "JobExists", Fe2ErrorKind.Ambiguous, $"{machine.Name} already has a job called '{name}'.",
        "Give another job name, or none: then a free one is taken.", name);

    public static Fe2Exception MonitorUnreachable(JobMachine target, JobMachine monitor, string detail) => new(
        "MonitorUnreachable", Fe2ErrorKind.Connection, $"{target.Name} does not reach its monitor {monitor.Name}: {detail}",
        "Put both in one VPC, and let the monitor's security group take port 22 from the group of the target.", monitor.Id);

    public static Fe2Exception StepFailed(JobMachine machine, string step, SshResult result) => new(
        "ScriptStartFailed", Fe2ErrorKind.OperationFailed,
        $"{step} on {machine.Name} failed with exit code {result.ExitCode}: {LastLine(result.ErrorText)}",
        "Mend what the message names (a full disk, for example), then start the script again.", machine.Id);

    public static Fe2Exception JobNotFound(string id) => new(
        "JobNotFound", Fe2ErrorKind.NotFound, $"None of the machines knows the job '{id}'.",
        "List the jobs; a job without a monitor is gone with its machine.", id);

    public static Fe2Exception NobodyHasJob(Job job) => new(
        "JobUnreachable", Fe2ErrorKind.Connection, $"Neither the target nor the monitor of job '{job.Name}' answers.",
        "Check that the monitor runs and that its security group lets your present address in.", job.Id);

    public static Fe2Exception StillRuns(Job job) => new(
        "ScriptStillRuns", Fe2ErrorKind.OperationFailed, $"The script of job '{job.Name}' did not end although it was killed.",
        "Look at it on the machine: tmux attach.", job.Id);

    public static Fe2Exception WaitTimeout(Job job, TimeSpan timeout) => new(
        "ScriptWaitTimeout", Fe2ErrorKind.Timeout, $"The job '{job.Name}' is still {job.State.ToString().ToLowerInvariant()} after {timeout.TotalSeconds:0} s.",
        "It goes on. Wait again, follow it, or stop it.", job.Id);

    private static string LastLine(string text) =>
        text.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).LastOrDefault() ?? "no message.";
}
