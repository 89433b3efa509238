using System.ComponentModel;
using System.Diagnostics;

namespace Fe2Ps.Core.Tunnels;

/// <summary>Opens the user's browser: the program that BROWSER names, else the system's own choice.</summary>
public static class Browser
{
    /// <summary>Opens an address.</summary>
    /// <exception cref="Fe2Exception"><c>BrowserMissing</c>.</exception>
    public static void Open(string url)
    {
        string? named = Environment.GetEnvironmentVariable("BROWSER");
        ProcessStartInfo start = !string.IsNullOrEmpty(named) ? new ProcessStartInfo(named, [url])
            : OperatingSystem.IsWindows() ? new ProcessStartInfo(url) { UseShellExecute = true }
            : new ProcessStartInfo(OperatingSystem.IsMacOS() ? "open" : "xdg-open", [url]);
        if (!start.UseShellExecute)
        {
            // What a browser writes would land in the middle of the prompt.
            start.RedirectStandardOutput = start.RedirectStandardError = true;
        }

        try
        {
            using Process? process = Process.Start(start);
            if (process is not null && !start.UseShellExecute)
            {
                process.StandardOutput.Close();
                process.StandardError.Close();
            }
        }
        catch (Win32Exception missing)
        {
            throw new Fe2Exception(
                "BrowserMissing", Fe2ErrorKind.NotInstalled, $"No browser could be opened: '{start.FileName}' cannot be started.",
                "Name one in the environment variable BROWSER, or open the address by hand.", start.FileName, missing);
        }
    }
}
