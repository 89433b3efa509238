using System.Management.Automation;
using Fe2Ps.Core.Scripts;
using Fe2Ps.Core.Sessions;
using Fe2Ps.Core.Spot;

namespace Fe2Ps.Commands;

/// <summary>Waits until jobs are over and their results are safe.</summary>
[Cmdlet(VerbsLifecycle.Wait, "Fe2Script", DefaultParameterSetName = "Name")]
[OutputType(typeof(Job))]
public sealed class WaitFe2ScriptCommand : ScriptCmdlet
{
    /// <summary>How long to wait for each job, seconds.</summary>
    [Parameter]
    [ValidateRange(1, 365 * 24 * 3600)]
    public int Timeout { get; set; } = 7 * 24 * 3600;

    /// <inheritdoc/>
    private protected override async Task ActAsync(Fe2Session session, CloudJobs cloud, Job job, Func<object, Task> write, CancellationToken stop)
    {
        Job over = await new JobEnd(session, cloud).WaitAsync(job, TimeSpan.FromSeconds(Timeout), null, null, Pump, stop).ConfigureAwait(false);
        await write(over).ConfigureAwait(false);
        if (ScriptErrors.Of(over) is { } failure) throw failure;
    }
}
