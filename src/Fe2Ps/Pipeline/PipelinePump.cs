using System.Collections.Concurrent;
using System.Management.Automation;
using System.Runtime.ExceptionServices;
using Fe2Ps.Core;

namespace Fe2Ps.Pipeline;

/// <summary>
/// Runs a cmdlet's asynchronous work away from the pipeline thread and carries back to that thread whatever only it may
/// do: writing objects, errors and progress, asking ShouldProcess. Ctrl+C cancels the work and is obeyed within a second,
/// whatever the work is doing.
/// </summary>
internal sealed class PipelinePump(PSCmdlet cmdlet) : IProgress<Fe2Report>
{
    /// <summary>How long stopped work may take to put its things in order before the prompt returns without it.</summary>
    private static readonly TimeSpan Grace = TimeSpan.FromMilliseconds(850);

    private readonly CancellationTokenSource _stop = new();
    private readonly Dictionary<string, ProgressRecord> _activities = new(StringComparer.Ordinal);
    private BlockingCollection<Action> _queue = [];

    /// <summary>Fires when nobody listens to the work at hand any more: after Ctrl+C, and where the pipeline has refused what it was given.</summary>
    private CancellationToken _abandoned;

    /// <summary>True from Ctrl+C on.</summary>
    public bool Stopped => _stop.IsCancellationRequested;

    /// <summary>What to say when the user has stopped the work: what is running, and how to go on.</summary>
    public Func<string?>? Notice { get; set; }

    /// <summary>Called on another thread when the pipeline stops.</summary>
    public void Stop() => _ = _stop.CancelAsync();

    /// <summary>Runs the work to its end on behalf of the pipeline thread, which is the caller's.</summary>
    public void Run(Func<CancellationToken, Task> work)
    {
        if (Stopped) throw new PipelineStoppedException();
        var queue = _queue = [];
        using var abandon = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token);
        CancellationToken token = _abandoned = abandon.Token;
        Task task = Task.Run(() => Errors.GuardAsync(() => work(token)), CancellationToken.None);
        _ = task.ContinueWith(_ => queue.CompleteAdding(), CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        try
        {
            foreach (Action action in queue.GetConsumingEnumerable(_stop.Token)) action();
            task.GetAwaiter().GetResult();
        }
        catch (Exception e) when (Stopped && e is OperationCanceledException or PipelineStoppedException)
        {
            WaitQuietly(task);
            if (Notice?.Invoke() is { } notice) SayWhileStopping(notice);
            throw new PipelineStoppedException();
        }
        catch
        {
            // Either the work failed, and is over, or the pipeline refused what it was given (an error under
            // -ErrorAction Stop, Select-Object -First): then nobody waits for the rest of the work, and whatever of it waits
            // for the pipeline must not go on waiting.
            abandon.Cancel();
            queue.CompleteAdding();
            WaitQuietly(task);
            throw;
        }
        finally
        {
            CompleteProgress();
        }
    }

    /// <summary>Lets the pipeline thread do something and waits until it has; a refusal by the pipeline cancels the work.</summary>
    public Task DoAsync(Action action) => AskAsync(() =>
    {
        action();
        return true;
    });

    /// <summary>Lets the pipeline thread answer something.</summary>
    public Task<T> AskAsync<T>(Func<T> question)
    {
        CancellationToken abandoned = _abandoned;
        if (abandoned.IsCancellationRequested) return Task.FromCanceled<T>(abandoned);
        var answer = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        bool added = TryPost(() =>
        {
            try
            {
                answer.TrySetResult(question());
            }
            catch (Exception refusal)
            {
                answer.TrySetCanceled();
                ExceptionDispatchInfo.Throw(refusal);
            }
        });
        if (!added) answer.TrySetCanceled();
        return answer.Task.WaitAsync(abandoned);
    }

    /// <inheritdoc/>
    public void Report(Fe2Report value)
    {
        if (Stopped || _abandoned.IsCancellationRequested)
        {
            // After Ctrl+C, or a refusal of its own, the pipeline takes nothing any more, but what is left running must still be told.
            if (value is WarningReport last) SayWhileStopping(last.Message);
            return;
        }

        TryPost(() =>
        {
            switch (value)
            {
                case ProgressReport progress: Show(progress); break;
                case WarningReport warning: cmdlet.WriteWarning(warning.Message); break;
                case VerboseReport verbose: cmdlet.WriteVerbose(verbose.Message); break;
                default: cmdlet.WriteDebug(value.ToString()); break;
            }
        });
    }

    private bool TryPost(Action action)
    {
        try
        {
            _queue.Add(action);
            return true;
        }
        catch (InvalidOperationException)
        {
            return false;
        }
    }

    private void Show(ProgressReport progress)
    {
        if (!_activities.TryGetValue(progress.Activity, out ProgressRecord? record))
            _activities[progress.Activity] = record = new ProgressRecord(_activities.Count + 1, progress.Activity, progress.Status);
        record.StatusDescription = progress.Status.Length == 0 ? " " : progress.Status;
        record.PercentComplete = progress.Percent is int percent ? Math.Clamp(percent, 0, 100) : -1;
        cmdlet.WriteProgress(record);
    }

    private void CompleteProgress()
    {
        foreach (ProgressRecord record in _activities.Values)
        {
            record.RecordType = ProgressRecordType.Completed;
            try
            {
                cmdlet.WriteProgress(record);
            }
            catch (PipelineStoppedException)
            {
                // The host clears its progress itself when a pipeline stops; the exception that stopped it is on its way.
                break;
            }
        }

        _activities.Clear();
    }

    private void SayWhileStopping(string message) => cmdlet.Host?.UI?.WriteWarningLine(message);

    private static void WaitQuietly(Task task)
    {
        try
        {
            task.Wait(Grace);
        }
        catch (AggregateException)
        {
            // The work was told to end; how it ended is of no interest beside the exception that is being thrown.
        }
    }
}
