using System.Management.Automation;
using Amazon.EC2.Model;
using Fe2Ps.Core;
using Fe2Ps.Core.Instances;
using Fe2Ps.Pipeline;
using BackgroundJob = System.Management.Automation.Job;
using JobState = System.Management.Automation.JobState;

namespace Fe2Ps.Commands;

/// <summary>One machine's part of a <see cref="CommandJob"/>.</summary>
internal sealed class MachineJob : BackgroundJob, IProgress<Fe2Report>
{
    private readonly CancellationTokenSource _stop = new();
    private readonly string _name;

    public MachineJob(string command, Instance instance)
        : base(command, null)
    {
        PSJobTypeName = "Fe2Command";
        _name = InstanceFacts.NameOf(instance) ?? instance.InstanceId;
        Instance = instance;
    }

    public Instance Instance { get; }

    /// <summary>The exit code; null while it runs, and where there is none.</summary>
    public int? ExitCode { get; private set; }

    public override bool HasMoreData =>
        Output.Count > 0 || Error.Count > 0 || Warning.Count > 0 || Verbose.Count > 0 || Debug.Count > 0 || Information.Count > 0;

    public override string Location => _name;

    public override string StatusMessage => ExitCode is { } code && code != 0 ? $"{_name}: exit code {code}" : "";

    /// <summary>Runs the command to its end; every failure is the job's own.</summary>
    public async Task RunAsync(RemoteWork work, CancellationToken cancellationToken)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _stop.Token);
        SetJobState(JobState.Running);
        try
        {
            await Errors.GuardAsync(() => work.RunAsync(Instance, this, new RemoteSink { TakeAsync = TakeAsync }, code =>
            {
                ExitCode = code;
                return Task.CompletedTask;
            }, stop.Token)).ConfigureAwait(false);
            End(JobState.Completed);
        }
        catch (Fe2Exception failure)
        {
            Keep(() => Error.Add(failure.ToErrorRecord()));
            End(JobState.Failed);
        }
        catch (OperationCanceledException)
        {
            End(JobState.Stopped);
        }
        catch (Exception failure)
        {
            Keep(() => Error.Add(new ErrorRecord(failure, "RemoteCommandFailed", ErrorCategory.NotSpecified, Instance.InstanceId)));
            End(JobState.Failed);
        }
    }

    /// <summary>Ends it where it was stopped before its turn.</summary>
    public void NeverBegan()
    {
        if (!CommandJob.IsOver(this)) End(JobState.Stopped);
    }

    public override void StopJob()
    {
        if (CommandJob.IsOver(this)) return;
        _stop.Cancel();
        if (JobStateInfo.State == JobState.Running) Finished.WaitOne();
    }

    void IProgress<Fe2Report>.Report(Fe2Report value) => Keep(() =>
    {
        switch (value)
        {
            case WarningReport warning: Warning.Add(new WarningRecord(warning.Message)); break;
            case VerboseReport verbose: Verbose.Add(new VerboseRecord(verbose.Message)); break;
            default: break;
        }
    });

    protected override void Dispose(bool disposing)
    {
        if (disposing) _stop.Cancel();
        base.Dispose(disposing);
    }

    private Task TakeAsync(IReadOnlyList<RemoteRecord> records)
    {
        Keep(() =>
        {
            foreach (RemoteRecord record in records)
            {
                switch (record.Stream)
                {
                    case RemoteStream.Output: Output.Add(record.Value as PSObject ?? new PSObject(record.Value)); break;
                    case RemoteStream.Error: Error.Add((ErrorRecord)record.Value); break;
                    case RemoteStream.Warning: Warning.Add(new WarningRecord((string)record.Value)); break;
                    case RemoteStream.Verbose: Verbose.Add(new VerboseRecord((string)record.Value)); break;
                    case RemoteStream.Debug: Debug.Add(new DebugRecord((string)record.Value)); break;
                    default:
                        var announced = (Announcement)record.Value;
                        var information = new InformationRecord(announced.Message, _name);
                        information.Tags.AddRange(announced.Tags);
                        Information.Add(information);
                        break;
                }
            }
        });
        return Task.CompletedTask;
    }

    private void End(JobState state) => Keep(() => SetJobState(state));

    /// <summary>A job may be removed while a machine still speaks: then nobody wants to hear it.</summary>
    private static void Keep(Action act)
    {
        try
        {
            act();
        }
        catch (Exception e) when (e is ObjectDisposedException or PSInvalidOperationException)
        {
        }
    }
}
