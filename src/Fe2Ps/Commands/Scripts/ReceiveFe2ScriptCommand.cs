using System.Management.Automation;
using Fe2Ps.Core.Scripts;
using Fe2Ps.Core.Sessions;

namespace Fe2Ps.Commands;

/// <summary>Copies the results of jobs here, or shows their output as it comes.</summary>
[Cmdlet(VerbsCommunications.Receive, "Fe2Script", DefaultParameterSetName = "Name", SupportsShouldProcess = true)]
[OutputType(typeof(DirectoryInfo), typeof(string))]
public sealed class ReceiveFe2ScriptCommand : ScriptCmdlet
{
    /// <summary>The local folder; each job gets a folder of its own name in it.</summary>
    [Parameter(Position = 1, ParameterSetName = "Name")]
    [Parameter(ParameterSetName = "Job")]
    [ValidateNotNullOrEmpty]
    public string? Destination { get; set; }

    /// <summary>Hands over the output, line by line, until the script has ended.</summary>
    [Parameter]
    public SwitchParameter Follow { get; set; }

    /// <inheritdoc/>
    private protected override async Task ActAsync(Fe2Session session, CloudJobs cloud, Job job, Func<object, Task> write, CancellationToken stop)
    {
        if (Follow)
        {
            var lines = new OutputLines();
            await cloud.Control.FollowAsync(job, bytes => Write(lines.Add(bytes.Span)), 0, Pump, stop).ConfigureAwait(false);
            if (lines.Finish() is { } last) Write([last]);
            if (Destination is null) return;
        }

        string folder = job.LocalFolder(GetUnresolvedProviderPathFromPSPath(Destination ?? "."));
        if (!await Pump.AskAsync(() => ShouldProcess(folder, $"Receive the results of {job.Name}")).ConfigureAwait(false)) return;
        await cloud.Control.ReceiveAsync(job, folder, Pump, stop).ConfigureAwait(false);
        await write(new DirectoryInfo(folder)).ConfigureAwait(false);
    }

    private void Write(List<string> lines)
    {
        // Waiting for the pipeline keeps a script that writes fast from filling the memory here.
        if (lines.Count > 0) Pump.DoAsync(() => lines.ForEach(WriteObject)).GetAwaiter().GetResult();
    }
}
