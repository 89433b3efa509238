using Fe2Ps.Sandbox.Catalogue;
using Fe2Ps.Sandbox.Faults;
using Fe2Ps.Sandbox.Hosts;

namespace Fe2Ps.Sandbox.State;

/// <summary>How fast things happen.</summary>
/// <param name="Pending">From a launch to running, where no host decides.</param>
/// <param name="Stopping">From a stop or an end to its completion, where no host decides.</param>
/// <param name="Storage">What a volume or a snapshot takes at least.</param>
/// <param name="LateVisibility">How long a new instance stays unknown to other calls.</param>
/// <param name="TerminatedVisible">How long a terminated instance is still listed.</param>
/// <param name="Checks">From running to the first passed status checks.</param>
internal sealed record Pace(TimeSpan Pending, TimeSpan Stopping, TimeSpan Storage, TimeSpan LateVisibility, TimeSpan TerminatedVisible, TimeSpan Checks)
{
    /// <summary>From a launch to the start of the host. A host is up in a fraction of a second, as no machine of EC2's is.</summary>
    public TimeSpan Boot { get; init; }

    /// <summary>How long a persistent spot request waits for room.</summary>
    public TimeSpan Capacity { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How often an Auto Scaling group looks at its instances.</summary>
    public TimeSpan Scaling { get; init; } = TimeSpan.FromSeconds(0.2);

    /// <summary>How long a target drains after it is deregistered; EC2's own default is five minutes.</summary>
    public TimeSpan Drain { get; init; } = TimeSpan.FromSeconds(1);

    public static Pace Realistic { get; } = new(
        TimeSpan.FromSeconds(4), TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(0.3), TimeSpan.FromHours(1), TimeSpan.FromSeconds(20))
    {
        Boot = TimeSpan.FromSeconds(1.5),
        Capacity = TimeSpan.FromSeconds(30),
        Scaling = TimeSpan.FromSeconds(2),
        Drain = TimeSpan.FromSeconds(20),
    };

    public static Pace Fast { get; } = new(
        TimeSpan.FromSeconds(0.1), TimeSpan.FromSeconds(0.1), TimeSpan.FromSeconds(0.1), TimeSpan.Zero, TimeSpan.FromMinutes(10), TimeSpan.FromSeconds(0.2));
}

/// <summary>The running sandbox: its state, clock, hosts and faults. Everything is read and changed under <see cref="Gate"/>.</summary>
internal sealed class Cloud(SandboxState state, Pace pace, TimeProvider time, IHostFabric fabric, Action<string> log)
{
    /// <summary>The one lock of the sandbox.</summary>
    public Lock Gate { get; } = new();

    public SandboxState State { get; } = state;

    public Pace Pace { get; } = pace;

    public TimeProvider Time { get; } = time;

    public IHostFabric Fabric { get; } = fabric;

    /// <summary>The credentials that the instances' roles have at present.</summary>
    public RoleSessions Sessions { get; } = new(time);

    public FaultBoard Faults { get; } = new(time);

    /// <summary>What the caller's address is said to be, when a test pretends that it changed.</summary>
    public string? CallerAddress { get; set; }

    public DateTimeOffset Now => Time.GetUtcNow();

    /// <summary>Counts changes, so that the store knows when to write.</summary>
    public long Version { get; private set; }

    public void Changed() => Version++;

    public void Log(string message) => log(message);

    /// <summary>The region, made with its default network when it is used for the first time.</summary>
    public RegionState Region(string name)
    {
        if (!State.Regions.TryGetValue(name, out var region))
        {
            State.Regions[name] = region = DefaultNetwork.Create(Geography.Find(name), Now);
            Changed();
        }

        return region;
    }

    /// <summary>Runs something under the gate after a while.</summary>
    public void After(TimeSpan delay, Action action)
    {
        ITimer? timer = null;
        timer = Time.CreateTimer(
            _ =>
            {
                timer?.Dispose();
                Guarded(action);
            },
            null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        timer.Change(delay, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Runs something under the gate; a failure is logged, as nobody waits for it.</summary>
    public void Guarded(Action action)
    {
        try
        {
            lock (Gate)
            {
                action();
                Changed();
            }
        }
        catch (Exception error) when (error is not OutOfMemoryException)
        {
            Log(error.ToString());
        }
    }
}
