using System.Management.Automation;
using Fe2Ps.Core;

namespace Fe2Ps.Pipeline;

/// <summary>
/// A cmdlet whose work is asynchronous. A failure is an error of its record and obeys -ErrorAction; the pipeline goes on
/// with the next record.
/// </summary>
public abstract class AsyncCmdlet : PSCmdlet
{
    private RunspaceState? _state;
    private PipelinePump? _pump;

    private protected PipelinePump Pump => _pump ??= new PipelinePump(this) { Notice = StopNotice };

    private protected RunspaceState Here => _state ??= RunspaceState.Current;

    /// <inheritdoc/>
    protected sealed override void BeginProcessing()
    {
        // Taken on the pipeline thread: other threads belong to no session.
        _state = RunspaceState.Current;
        Begin();
    }

    /// <inheritdoc/>
    protected sealed override void StopProcessing() => Pump.Stop();

    /// <summary>What a cmdlet does before the first record.</summary>
    private protected virtual void Begin()
    {
    }

    /// <summary>What to say after Ctrl+C: what is running, and how to go on. Null where nothing was begun.</summary>
    private protected virtual string? StopNotice() => null;

    /// <summary>Runs asynchronous work; a failure becomes an error record.</summary>
    private protected void Run(Func<CancellationToken, Task> work)
    {
        try
        {
            Pump.Run(work);
        }
        catch (Fe2Exception failure)
        {
            WriteError(failure.ToErrorRecord());
        }
    }

    /// <summary>Runs work that needs no other thread; a failure becomes an error record.</summary>
    private protected void Run(Action work)
    {
        try
        {
            Errors.Guard(work);
        }
        catch (Fe2Exception failure)
        {
            WriteError(failure.ToErrorRecord());
        }
    }

    private protected Task WriteAsync(object? value) => Pump.DoAsync(() => WriteObject(value));

    private protected Task WriteErrorAsync(Fe2Exception failure) => Pump.DoAsync(() => WriteError(failure.ToErrorRecord()));

    private protected static string? NullIfEmpty(string? text) => string.IsNullOrWhiteSpace(text) ? null : text;
}
