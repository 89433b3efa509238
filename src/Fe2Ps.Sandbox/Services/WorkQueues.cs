using Fe2Ps.Sandbox.State;

namespace Fe2Ps.Sandbox.Services;

/// <summary>Work for resources: one thing at a time for each, in the order in which it was asked for; different resources do not wait for each other.</summary>
internal sealed class WorkQueues(Cloud cloud)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, Task> _tails = new(StringComparer.Ordinal);

    /// <summary>Does something for a resource after what is already under way for it.</summary>
    /// <param name="key">The resource's id.</param>
    /// <param name="work">The work at the host, without the gate.</param>
    /// <param name="done">What follows, under the gate.</param>
    /// <param name="failed">What follows a failure, under the gate; when null the failure is logged and <paramref name="done"/> follows.</param>
    public void Then(string key, Func<CancellationToken, Task> work, Action done, Action<Exception>? failed)
    {
        lock (_lock)
        {
            var tail = NextAsync(_tails.GetValueOrDefault(key, Task.CompletedTask), work, done, failed);
            _tails[key] = tail;

            // What is finished need not be remembered, unless more has been asked for meanwhile.
            tail.ContinueWith(_ => Forget(key, tail), TaskScheduler.Default);
        }
    }

    /// <summary>Does something whose failure matters to nobody but the log.</summary>
    public async Task QuietlyAsync(Func<Task> work)
    {
        try
        {
            await work().ConfigureAwait(false);
        }
        catch (Exception error)
        {
            cloud.Log(error.Message);
        }
    }

    private void Forget(string key, Task tail)
    {
        lock (_lock)
        {
            if (_tails.GetValueOrDefault(key) == tail)
                _tails.Remove(key);
        }
    }

    private async Task NextAsync(Task before, Func<CancellationToken, Task> work, Action done, Action<Exception>? failed)
    {
        await Task.Yield();
        await QuietlyAsync(() => before).ConfigureAwait(false);
        try
        {
            await work(CancellationToken.None).ConfigureAwait(false);
        }
        catch (Exception error)
        {
            cloud.Log(error.ToString());
            if (failed is not null)
            {
                cloud.Guarded(() => failed(error));
                return;
            }
        }

        cloud.Guarded(done);
    }
}
