using System.Management.Automation;
using Fe2Ps.Core.Scripts;
using Fe2Ps.Core.Sessions;

namespace Fe2Ps.Commands;

/// <summary>Ends the scripts of jobs; their results are flushed as after any other end.</summary>
[Cmdlet(VerbsLifecycle.Stop, "Fe2Script", DefaultParameterSetName = "Name", SupportsShouldProcess = true)]
[OutputType(typeof(Job))]
public sealed class StopFe2ScriptCommand : ScriptCmdlet
{
    /// <summary>Hands the jobs on.</summary>
    [Parameter]
    public SwitchParameter PassThru { get; set; }

    /// <inheritdoc/>
    private protected override async Task ActAsync(Fe2Session session, CloudJobs cloud, Job job, Func<object, Task> write, CancellationToken stop)
    {
        if (!await Pump.AskAsync(() => ShouldProcess($"{job.Name} on {job.TargetName}", "Stop the script")).ConfigureAwait(false)) return;
        Job stopped = await cloud.Control.StopAsync(job, Pump, stop).ConfigureAwait(false);
        if (PassThru) await write(stopped).ConfigureAwait(false);
    }
}
