using System.Diagnostics;
using System.Text;

namespace Fe2Ps.Sandbox.Hosts;

/// <summary>Starts, signals and finds the processes of process hosts.</summary>
internal static class ProcessHosts
{
    /// <summary>Starts a host's first process.</summary>
    /// <returns>The process that ends when the host ends; in isolation it is the parent of the first one.</returns>
    public static Process Start(string folder, string console, IReadOnlyDictionary<string, string> environment, bool isolated)
    {
        // As for containers: the console is a file, so that it outlives us; the shell puts it there and is gone.
        var start = new ProcessStartInfo(Commands.Find("sh") ?? "/bin/sh");
        List<string> arguments = ["-c", "out=$1; shift; exec \"$@\" </dev/null >>\"$out\" 2>&1", "sh", console, Commands.Find("setsid") ?? "setsid"];
        if (isolated)
            arguments.AddRange(["unshare", "--mount", "--uts", "--ipc", "--pid", "--fork", "--kill-child", "--mount-proc", "--propagation", "private"]);
        arguments.Add(Path.Combine(folder, "init"));
        foreach (var argument in arguments)
            start.ArgumentList.Add(argument);
        // Nothing of the sandbox's own environment: it belongs to the user.
        start.Environment.Clear();
        start.Environment["PATH"] = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
        foreach (var (name, value) in environment)
            start.Environment[name] = value;
        return Process.Start(start) ?? throw new IOException("The host's first process did not start.");
    }

    /// <summary>The processes whose environment carries the mark, or a mark that begins with it; the first process of a host is the one that started first.</summary>
    public static IEnumerable<int> Find(string mark)
    {
        var wanted = Encoding.UTF8.GetBytes("FE2_HOST=" + mark);
        foreach (var folder in Directory.GetDirectories("/proc"))
        {
            if (!int.TryParse(Path.GetFileName(folder), out var pid))
                continue;
            byte[] environment;
            try
            {
                environment = File.ReadAllBytes(Path.Combine(folder, "environ"));
            }
            catch (Exception error) when (error is IOException or UnauthorizedAccessException)
            {
                continue;
            }

            if (environment.AsSpan().IndexOf(wanted) is var at && at >= 0 && (at == 0 || environment[at - 1] == 0))
                yield return pid;
        }
    }

    /// <summary>A process with all its descendants, itself last.</summary>
    public static IEnumerable<int> WithDescendants(int pid)
    {
        var children = string.Empty;
        try
        {
            children = File.ReadAllText($"/proc/{pid}/task/{pid}/children");
        }
        catch (IOException)
        {
            // It has ended.
        }

        foreach (var child in children.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            foreach (var descendant in WithDescendants(int.Parse(child, null)))
                yield return descendant;
        yield return pid;
    }

    public static void SignalAll(IEnumerable<int> processes, int signal)
    {
        foreach (var pid in processes.Distinct().ToList())
            using (var process = Kernel.OpenProcess(pid))
                if (process is not null)
                    Kernel.Signal(process, signal);
    }
}
