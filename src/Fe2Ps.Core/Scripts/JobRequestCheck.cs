using System.Text.RegularExpressions;
using Fe2Ps.Core.Ssh;

namespace Fe2Ps.Core.Scripts;

/// <summary>Refuses a request that cannot work before anything has been touched.</summary>
internal static partial class JobRequestCheck
{
    public static void Check(JobRequest request, IProgress<Fe2Report>? report)
    {
        if (!File.Exists(request.ScriptPath))
            throw JobErrors.ScriptMissing(request.ScriptPath);
        CheckFiles(request);
        if (request.Name is { } name)
            JobName.Check(name);
        foreach (var (variable, value) in request.Environment)
        {
            if (!VariableName().IsMatch(variable))
                throw JobErrors.EnvironmentInvalid(variable);
            _ = ShellQuote.Quote(value);
        }

        _ = ShellQuote.Join(request.Arguments);
        if (!request.Target.IsRunning)
            throw JobErrors.NotRunning(request.Target);
        if (request.Monitor is { IsRunning: false } resting)
            throw JobErrors.NotRunning(resting);
        if (request.Monitor is { } monitor && monitor.Id == request.Target.Id)
            throw JobErrors.MonitorIsTarget(monitor.Name);
        if (request.OnExit != OnExit.None && request.Monitor is null && !request.ReceivesAtEnd)
            throw JobErrors.OnExitNeedsMonitor(request.OnExit);
        if (request.Recovery is not null && request.Monitor is null)
            throw JobErrors.RecoveryNeedsMonitor();
        if (HasWindowsLineEnds(request.ScriptPath))
        {
            report?.Report(new WarningReport(
                $"{request.ScriptPath} has Windows line ends; its first line will not be understood on Linux. Save it with LF line ends."));
        }
    }

    private static void CheckFiles(JobRequest request)
    {
        HashSet<string> names = [];
        foreach (var path in request.Files.Prepend(request.ScriptPath))
        {
            if (!File.Exists(path) && !Directory.Exists(path))
                throw JobErrors.FileMissing(path);
            var name = Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(path)));
            if (name is ".fe2" or ".fe2-partial" or "")
                throw JobErrors.NameReserved(name);
            if (!names.Add(name))
                throw JobErrors.FilesCollide(name);
        }
    }

    private static bool HasWindowsLineEnds(string path)
    {
        using var file = File.OpenRead(path);
        var start = new byte[256];
        var count = file.ReadAtLeast(start, start.Length, throwOnEndOfStream: false);
        var line = start.AsSpan(0, count);
        var end = line.IndexOf((byte)'\n');
        return end > 0 && line[end - 1] == '\r' && line.StartsWith("#!"u8);
    }

    [GeneratedRegex(@"\A[A-Za-z_][A-Za-z0-9_]*\z")]
    private static partial Regex VariableName();
}
