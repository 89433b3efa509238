using System.Management.Automation;
using Fe2Ps.Completion;
using Fe2Ps.Core;
using Fe2Ps.Core.Scripts;
using Fe2Ps.Core.Sessions;
using Fe2Ps.Core.Ssh;
using Fe2Ps.Pipeline;
using Fe2Ps.Views;

namespace Fe2Ps.Commands;

/// <summary>The script jobs of a region, as its machines know them.</summary>
[Cmdlet(VerbsCommon.Get, "Fe2Script")]
[OutputType(typeof(Job))]
public sealed class GetFe2ScriptCommand : LoginCmdlet
{
    /// <summary>Names or ids of jobs; wildcards select.</summary>
    [Parameter(Position = 0, ValueFromPipeline = true)]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(JobNameCompleter))]
    [ValidateNotNullOrEmpty]
    public string[] Name { get; set; } = [];

    /// <summary>Only jobs of these machines, targets or monitors.</summary>
    [Parameter]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(InstanceNameCompleter))]
    [InstanceName]
    [ValidateNotNullOrEmpty]
    public string[] Instance { get; set; } = [];

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        SessionOptions where = Where;
        Run(async stop =>
        {
            Fe2Session session = await OpenAsync(where, stop).ConfigureAwait(false);
            var cloud = new CloudJobs(session, new SshConnector(), LoginKey, LoginUser, Pump);
            IReadOnlyList<Job> all = [.. (await cloud.ListAsync(Pump, stop).ConfigureAwait(false)).Where(IsOfInstance)];
            (IReadOnlyList<Job> jobs, IReadOnlyList<Fe2Exception> problems) = Name.Length == 0 ? (all, []) : ScriptJobs.Choose(all, Name);
            foreach (Job job in jobs) await WriteAsync(Dressed.Job(job, session, where)).ConfigureAwait(false);
            foreach (Fe2Exception problem in problems) await WriteErrorAsync(problem).ConfigureAwait(false);
        });
    }

    private bool IsOfInstance(Job job) => Instance.Length == 0 || Instance.Any(name =>
    {
        var pattern = new WildcardPattern(name, WildcardOptions.IgnoreCase);
        return new[] { job.TargetName, job.TargetId, job.MonitorName, job.MonitorId }.Any(text => text is not null && pattern.IsMatch(text));
    });
}
