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
        Win32Exception? missing = null;
        List<ProcessStartInfo> programs = Programs(url);
        foreach (ProcessStartInfo start in programs)
        {
            try
            {
                Start(start);
                return;
            }
            catch (Win32Exception gone)
            {
                // The next one may be here.
                missing = gone;
            }
        }

        string names = string.Join("', '", programs.Select(p => p.FileName));
        throw new Fe2Exception(
            "BrowserMissing", Fe2ErrorKind.NotInstalled,
            $"No browser could be opened: '{names}' cannot be started.",
            "Name one in the environment variable BROWSER, or open the address by hand.", names, missing);
    }

    /// <summary>
    /// The programs to try, in their order. BROWSER may name several, as in PATH, each with arguments of its own, in which
    /// <c>%s</c> is the address; so Debian's sensible-browser and Python read it.
    /// </summary>
    internal static List<ProcessStartInfo> Programs(string url)
    {
        string named = Environment.GetEnvironmentVariable("BROWSER") ?? "";
        string[] entries = File.Exists(named) ? [named] : named.Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        if (entries.Length == 0)
        {
            return [OperatingSystem.IsWindows() ? new ProcessStartInfo(url) { UseShellExecute = true }
                : new ProcessStartInfo(OperatingSystem.IsMacOS() ? "open" : "xdg-open", [url])];
        }

        return [.. entries.Select(Program)];

        ProcessStartInfo Program(string entry)
        {
            string[] words = File.Exists(entry) ? [entry] : entry.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            string[] arguments = [.. words[1..].Select(word => word.Replace("%s", url, StringComparison.Ordinal))];
            return new ProcessStartInfo(words[0], words[1..].Any(word => word.Contains("%s", StringComparison.Ordinal)) ? arguments : [.. arguments, url]);
        }
    }

    private static void Start(ProcessStartInfo start)
    {
        // What a browser writes would land in the middle of the prompt.
        start.RedirectStandardOutput = start.RedirectStandardError = !start.UseShellExecute;
        using Process? process = Process.Start(start);
        if (process is null || start.UseShellExecute) return;
        process.StandardOutput.Close();
        process.StandardError.Close();
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
