using System.Management.Automation;
using Fe2Ps.Core.Scripts;

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
    private protected override async Task ActAsync(CloudJobs cloud, Job job, Func<object, Task> write, CancellationToken stop)
    {
        Job over = await cloud.Control.WaitAsync(job, TimeSpan.FromSeconds(Timeout), Pump, stop).ConfigureAwait(false);
        await write(over).ConfigureAwait(false);
        if (ScriptErrors.Of(over) is { } failure) throw failure;
    }
}
