namespace Fe2Ps.Commands;

/// <summary>A tmux session of a machine.</summary>
/// <param name="InstanceName">The machine's name.</param>
/// <param name="InstanceId">Its id.</param>
/// <param name="Session">The session's name.</param>
public sealed record TerminalInfo(string InstanceName, string InstanceId, string Session);
