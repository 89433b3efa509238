namespace Fe2Ps.Sandbox.Hosts;

/// <summary>
/// Hosts whose processes stand still (cgroups of version 1, freezer). A snapshot is what a volume holds when it is ordered; copying takes
/// longer, and on a real disk the writing goes on meanwhile. Here nobody writes until the copy is made.
/// </summary>
internal sealed class Standstill
{
    private const string CgroupFolder = "/sys/fs/cgroup/freezer";

    /// <summary>A copy that has not begun by then is not worth a host that hangs.</summary>
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(20);

    private readonly Dictionary<string, List<object>> _held = new(StringComparer.Ordinal);
    private readonly Lock _lock = new();

    /// <summary>Stops a container's processes until <see cref="End"/> was called as often. Does nothing where the kernel cannot.</summary>
    public void Begin(string containerName)
    {
        var order = new object();
        lock (_lock)
        {
            if (!Write(containerName, "FROZEN"))
                return;
            if (!_held.TryGetValue(containerName, out var orders))
                _held[containerName] = orders = [];
            orders.Add(order);
        }

        _ = Task.Delay(Longest).ContinueWith(_ => End(containerName, order), TaskScheduler.Default);
    }

    public void End(string containerName) => End(containerName, null);

    /// <summary>Stops a container's processes until <see cref="Thaw"/>; false where the kernel cannot.</summary>
    public static bool Freeze(string containerName) => Write(containerName, "FROZEN");

    /// <summary>Lets them go on.</summary>
    public static bool Thaw(string containerName) => Write(containerName, "THAWED");

    /// <summary>Lets go of a container that is to end: what stands still cannot even be killed.</summary>
    public void Release(string containerName)
    {
        lock (_lock)
        {
            if (_held.Remove(containerName))
                Write(containerName, "THAWED");
        }
    }

    private void End(string containerName, object? order)
    {
        lock (_lock)
        {
            if (!_held.TryGetValue(containerName, out var orders))
                return;
            if (order is null)
                orders.RemoveAt(0);
            else
                orders.Remove(order);
            if (orders.Count > 0)
                return;
            _held.Remove(containerName);
            Write(containerName, "THAWED");
        }
    }

    private static bool Write(string containerName, string state)
    {
        try
        {
            File.WriteAllText(Path.Combine(CgroupFolder, containerName, "freezer.state"), state);
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }
}
