using System.Runtime.ExceptionServices;

namespace Fe2Ps.Sandbox.Hosts;

/// <summary>
/// Does a piece of work inside another namespace. Each piece gets a thread of its own that ends with it, so no thread of the pool
/// can ever be left in the wrong place. Paths are then looked up as a process inside would look them up: a link that a host has
/// made cannot lead out of it.
/// </summary>
internal static class Namespaces
{
    public static T InNetwork<T>(string namespaceFile, Func<T> work) => OnOwnThread(() =>
    {
        using var space = Kernel.Open(namespaceFile);
        Kernel.EnterNamespace(space, Kernel.CloneNewNetwork);
        return work();
    });

    /// <summary>Within the mounts of a process.</summary>
    public static void InMounts(int pid, Action work) => OnOwnThread(() =>
    {
        using var space = Kernel.Open($"/proc/{pid}/ns/mnt");
        // Threads share root and working directory; one that enters another mount namespace must have its own.
        Kernel.Unshare(Kernel.CloneFileSystem);
        Kernel.EnterNamespace(space, Kernel.CloneNewNamespace);
        work();
        return true;
    });

    /// <summary>Within new namespaces of the given kinds, which vanish afterwards.</summary>
    public static void InNew(int kinds, Action work) => OnOwnThread(() =>
    {
        Kernel.Unshare(kinds);
        work();
        return true;
    });

    private static T OnOwnThread<T>(Func<T> work)
    {
        T result = default!;
        ExceptionDispatchInfo? failure = null;
        var thread = new Thread(() =>
        {
            try
            {
                result = work();
            }
            catch (Exception error)
            {
                failure = ExceptionDispatchInfo.Capture(error);
            }
        })
        {
            IsBackground = true,
            Name = "namespace",
        };
        thread.Start();
        thread.Join();
        failure?.Throw();
        return result;
    }
}
