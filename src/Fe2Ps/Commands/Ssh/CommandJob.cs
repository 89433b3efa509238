using System.Management.Automation;
using System.Management.Automation.Runspaces;
using Amazon.EC2.Model;
using Fe2Ps.Core;
using Fe2Ps.Core.Commands;
using Fe2Ps.Pipeline;
using static System.Management.Automation.Runspaces.RunspaceState;
using BackgroundJob = System.Management.Automation.Job;
using JobState = System.Management.Automation.JobState;

namespace Fe2Ps.Commands;

/// <summary>A command on machines in the background, with a child for each machine. It ends with the session that began it.</summary>
internal sealed class CommandJob : BackgroundJob
{
    private readonly CancellationTokenSource _stop = new();
    private readonly Runspace? _owner = Runspace.DefaultRunspace;
    private readonly IReadOnlyList<Instance> _instances;

    public CommandJob(string command, string? name, IReadOnlyList<Instance> instances)
        : base(command, name)
    {
        PSJobTypeName = "Fe2Command";
        _instances = instances;
        foreach (Instance instance in instances) ChildJobs.Add(new MachineJob(command, instance));
    }

    public override bool HasMoreData => ChildJobs.Any(child => child.HasMoreData);

    public override string Location => string.Join(',', ChildJobs.Select(child => child.Location));

    public override string StatusMessage => string.Join(';', ChildJobs.Select(child => child.StatusMessage).Where(text => text.Length > 0));

    /// <summary>Begins; returns at once.</summary>
    public void Start(RemoteWork work, int throttle)
    {
        AppDomain.CurrentDomain.ProcessExit += OnEnd;
        if (_owner is not null) _owner.StateChanged += OnOwner;
        SetJobState(JobState.Running);
        _ = Task.Run(() => RunAsync(work, throttle));
    }

    public override void StopJob()
    {
        if (IsOver(this)) return;
        _stop.Cancel();
        foreach (BackgroundJob child in ChildJobs) child.StopJob();

        // Stop-Job returns when it has stopped.
        Finished.WaitOne();
    }

    internal static bool IsOver(BackgroundJob job) => job.JobStateInfo.State is JobState.Completed or JobState.Failed or JobState.Stopped;

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            Leave();
            _stop.Cancel();
            foreach (BackgroundJob child in ChildJobs) child.Dispose();
        }

        base.Dispose(disposing);
    }

    private async Task RunAsync(RemoteWork work, int throttle)
    {
        try
        {
            Dictionary<string, MachineJob> children = ChildJobs.Cast<MachineJob>().ToDictionary(c => c.Instance.InstanceId, StringComparer.Ordinal);
            await CommandRunner.ForEachAsync(
                _instances, throttle, (instance, token) => children[instance.InstanceId].RunAsync(work, token), (_, _) => Task.CompletedTask, _stop.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // Stopped: what had not begun never will.
        }
        finally
        {
            foreach (MachineJob child in ChildJobs.Cast<MachineJob>()) child.NeverBegan();
            Leave();
            End(ChildJobs.Any(c => c.JobStateInfo.State == JobState.Failed) ? JobState.Failed
                : ChildJobs.Any(c => c.JobStateInfo.State == JobState.Stopped) ? JobState.Stopped : JobState.Completed);
        }
    }

    private void End(JobState state)
    {
        try
        {
            SetJobState(state);
        }
        catch (ObjectDisposedException)
        {
            // Removed while it ran.
        }
    }

    private void Leave()
    {
        AppDomain.CurrentDomain.ProcessExit -= OnEnd;
        if (_owner is not null) _owner.StateChanged -= OnOwner;
    }

    private void OnEnd(object? sender, EventArgs e) => _stop.Cancel();

    private void OnOwner(object? sender, RunspaceStateEventArgs e)
    {
        if (e.RunspaceStateInfo.State is Closing or Closed or Broken) _stop.Cancel();
    }
}
