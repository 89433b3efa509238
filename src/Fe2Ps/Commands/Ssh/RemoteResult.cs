namespace Fe2Ps.Commands;

/// <summary>What a command did on one machine.</summary>
/// <param name="Name">The machine's name.</param>
/// <param name="InstanceId">Its id.</param>
/// <param name="ExitCode">The exit code; 128 + n for a signal n.</param>
/// <param name="Output">The lines of standard output.</param>
/// <param name="Error">The lines of standard error.</param>
/// <param name="Duration">How long it took.</param>
public sealed record RemoteResult(string Name, string InstanceId, int ExitCode, IReadOnlyList<string> Output, IReadOnlyList<string> Error, TimeSpan Duration);
