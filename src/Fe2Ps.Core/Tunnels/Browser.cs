using System.ComponentModel;
using System.Diagnostics;
using System.Net;
using Fe2Ps.Core.Sessions;

namespace Fe2Ps.Core.Tunnels;

/// <summary>Opens the user's browser: the program that BROWSER names, else the system's own choice.</summary>
public static class Browser
{
    private const string Pages = "pages";

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

    /// <summary>
    /// Opens an address that holds a secret: by a page that nobody else can read and that leads to it, since the arguments of a
    /// program are anybody's to see. The page goes with this process, or is written over by the next of its name.
    /// </summary>
    /// <param name="url">The address.</param>
    /// <param name="home">Where the page is kept.</param>
    /// <param name="name">Its name, without the ending.</param>
    /// <exception cref="Fe2Exception"><c>BrowserMissing</c>.</exception>
    public static void OpenSecret(string url, Fe2Home home, string name)
    {
        ArgumentNullException.ThrowIfNull(url);
        ArgumentNullException.ThrowIfNull(home);
        string encoded = WebUtility.HtmlEncode(url);
        home.Write(
            "<!DOCTYPE html><html><head><meta charset=\"utf-8\"><meta name=\"referrer\" content=\"no-referrer\">"
            + $"<meta http-equiv=\"refresh\" content=\"0;url={encoded}\"><title>Fe2Ps</title></head>"
            + $"<body><a href=\"{encoded}\">Open</a></body></html>\n",
            Pages, name + ".html");
        string page = home.PathOf(Pages, name + ".html");
        AppDomain.CurrentDomain.ProcessExit += (_, _) => TryDelete(page);
        Open(OperatingSystem.IsWindows() ? page : new Uri(page).AbsoluteUri);
    }

    private static void TryDelete(string page)
    {
        try
        {
            File.Delete(page);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The folder is the user's alone; the next page of this name takes its place.
        }
    }
}
