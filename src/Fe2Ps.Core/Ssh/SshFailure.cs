namespace Fe2Ps.Core.Ssh;

/// <summary>Reads ssh's own messages after it has given up (exit code 255 without the mark of <see cref="RemoteExit"/>).</summary>
internal static class SshFailure
{
    private static readonly string[] NeverConnected =
    [
        "Connection refused", "Connection timed out", "Operation timed out", "No route to host", "Network is unreachable",
        "Could not resolve hostname", "Name or service not known", "Connection timed out during banner exchange",
        "kex_exchange_identification",
    ];

    public static Fe2Exception Explain(SshTarget target, string errorText, HostKey? known)
    {
        var detail = LastLine(errorText);
        if (errorText.Contains("Host key verification failed", StringComparison.Ordinal)
            || errorText.Contains("HOST IDENTIFICATION HAS CHANGED", StringComparison.Ordinal))
            return SshErrors.HostKeyChanged(target, known?.Fingerprint ?? target.HostKey ?? "none", PresentedFingerprint(errorText));
        if (IsRefused(errorText))
            return SshErrors.KeyRefused(target, detail);
        if (NeverConnected.Any(text => errorText.Contains(text, StringComparison.Ordinal)))
            return SshErrors.Unreachable(target, detail);
        return SshErrors.ConnectionCut(target, detail);
    }

    public static bool IsRefused(string errorText) =>
        errorText.Contains("Permission denied (", StringComparison.Ordinal)
        || errorText.Contains("Too many authentication failures", StringComparison.Ordinal);

    public static string LastLine(string errorText) =>
        errorText.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).LastOrDefault()
        ?? "ssh ended without a message.";

    /// <summary>"The fingerprint for the ED25519 key sent by the remote host is" and, on the next line, <c>SHA256:...</c> with a dot.</summary>
    private static string PresentedFingerprint(string errorText)
    {
        var at = errorText.IndexOf("SHA256:", StringComparison.Ordinal);
        if (at < 0)
            return "unknown";
        var length = errorText.AsSpan(at).IndexOfAny('\r', '\n', ' ');
        return (length < 0 ? errorText[at..] : errorText.Substring(at, length)).TrimEnd('.');
    }
}
