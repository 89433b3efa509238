namespace Fe2Ps.Build;

/// <summary>A task cannot go on; the message says why and what to do.</summary>
internal sealed class BuildException(string message, int exitCode = 1) : Exception(message)
{
    public int ExitCode { get; } = exitCode;
}
