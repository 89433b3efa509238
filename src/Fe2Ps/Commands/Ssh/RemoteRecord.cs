using System.Management.Automation;

namespace Fe2Ps.Commands;

/// <summary>PowerShell's streams.</summary>
internal enum RemoteStream
{
    Output,
    Error,
    Warning,
    Verbose,
    Debug,
    Information,
}

/// <summary>Something that a machine has said, for one of PowerShell's streams.</summary>
/// <param name="Stream">The stream.</param>
/// <param name="Value">An object; an <see cref="ErrorRecord"/>; a text for warnings and the like; an <see cref="Announcement"/>.</param>
internal readonly record struct RemoteRecord(RemoteStream Stream, object Value);

/// <summary>What goes to the information stream.</summary>
/// <param name="Message">The message; a <see cref="HostInformationMessage"/> is shown too.</param>
/// <param name="Tags">Its tags.</param>
internal sealed record Announcement(object Message, string[] Tags)
{
    /// <summary>A line to be shown.</summary>
    public static Announcement Shown(string line, params string[] tags) =>
        new(new HostInformationMessage { Message = line, NoNewLine = false }, ["PSHOST", .. tags]);
}
