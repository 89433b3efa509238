using System.Management.Automation;
using Fe2Ps.Completion;
using Fe2Ps.Core;
using Fe2Ps.Core.Scripts;
using Fe2Ps.Core.Sessions;
using Fe2Ps.Core.Ssh;
using Fe2Ps.Pipeline;
using Fe2Ps.Views;

namespace Fe2Ps.Commands;

/// <summary>A cmdlet that acts on script jobs, named or as objects.</summary>
public abstract class ScriptCmdlet : LoginCmdlet
{
    private readonly SshConnector _connector = new();

    /// <summary>Names or ids of jobs; wildcards select.</summary>
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = "Name")]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(JobNameCompleter))]
    [ValidateNotNullOrEmpty]
    public string[] Name { get; set; } = [];

    /// <summary>Jobs as Get-Fe2Script gives them.</summary>
    [Parameter(Mandatory = true, ValueFromPipeline = true, ParameterSetName = "Job")]
    [ValidateNotNullOrEmpty]
    public Job[] Job { get; set; } = [];

    /// <summary>The job that is being worked on, for what is said after Ctrl+C.</summary>
    private protected Job? Current { get; private set; }

    /// <inheritdoc/>
    protected sealed override void ProcessRecord()
    {
        SessionOptions where = Where;
        Run(async stop =>
        {
            Fe2Session session = await OpenAsync(where, stop).ConfigureAwait(false);
            var cloud = new CloudJobs(session, _connector, LoginKey, LoginUser, Pump);
            foreach (Job job in await FindAsync(cloud, stop).ConfigureAwait(false))
            {
                Current = job;
                try
                {
                    await Errors.GuardAsync(() =>
                        ActAsync(session, cloud, job, o => WriteAsync(o is Job j ? Dressed.Job(j, session, where) : o), stop)).ConfigureAwait(false);
                }
                catch (Fe2Exception failure)
                {
                    await WriteErrorAsync(failure).ConfigureAwait(false);
                }
            }
        });
    }

    /// <inheritdoc/>
    private protected override string? StopNotice() => Current is { } job
        ? $"The job {job.Name} goes on on {job.TargetName}. Wait-Fe2Script {job.Name} waits for it, Receive-Fe2Script {job.Name} -Follow shows its output, Stop-Fe2Script {job.Name} ends it."
        : null;

    /// <summary>What the cmdlet does with one job.</summary>
    private protected abstract Task ActAsync(Fe2Session session, CloudJobs cloud, Job job, Func<object, Task> write, CancellationToken stop);

    private async Task<IReadOnlyList<Job>> FindAsync(CloudJobs cloud, CancellationToken stop)
    {
        if (ParameterSetName == "Job") return Job;
        IReadOnlyList<Job> all = await cloud.ListAsync(Pump, stop).ConfigureAwait(false);
        string[] clear = [.. Name.Where(n => ScriptJobs.Ambiguity(all, n) is null)];
        (IReadOnlyList<Job> jobs, IReadOnlyList<Fe2Exception> problems) = ScriptJobs.Choose(all, clear);
        foreach (Fe2Exception problem in Name.Select(n => ScriptJobs.Ambiguity(all, n)).OfType<Fe2Exception>().Concat(problems))
            await WriteErrorAsync(problem).ConfigureAwait(false);
        return jobs;
    }
}
