namespace Fe2Ps.Core.Ssh;

/// <summary>A folder on the machine as text for its shell.</summary>
internal static class RemoteFolder
{
    /// <summary>Quoted; a relative folder starts at the home folder, and cannot be taken for an option.</summary>
    public static string Quote(string folder) =>
        folder.StartsWith('/') ? ShellQuote.Quote(folder) : folder.Length == 0 ? "\"$HOME\"" : ShellQuote.Home(folder);
}
