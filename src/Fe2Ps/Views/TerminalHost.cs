using System.Management.Automation;
using System.Management.Automation.Host;
using Fe2Ps.Core.Charts;

namespace Fe2Ps.Views;

/// <summary>What the host at hand can show.</summary>
internal static class TerminalHost
{
    private const int UsualWidth = 80;
    private const int UsualHeight = 24;

    /// <summary>The lines of a chart that are no part of its plot: title, axis, dates, legend, a blank.</summary>
    private const int AroundPlot = 8;

    /// <summary>The style for so many charts, one above the other.</summary>
    public static TerminalStyle StyleFor(PSCmdlet cmdlet, int charts, bool isPlain)
    {
        (int width, int height) = Window(cmdlet.Host);
        bool isLast = cmdlet.MyInvocation.PipelinePosition >= cmdlet.MyInvocation.PipelineLength;
        return new TerminalStyle(
            // A full line makes some terminals begin the next one by themselves.
            width - 1,
            Math.Clamp((height / Math.Min(charts, 2)) - AroundPlot, 6, 14),
            !isPlain && IsUtf8(),
            !isPlain && isLast && HasColour(cmdlet));
    }

    private static (int Width, int Height) Window(PSHost host)
    {
        try
        {
            // A runspace without a user interface has none of the two.
            if (host.UI?.RawUI is not { } window) return (UsualWidth, UsualHeight);
            Size size = window.WindowSize;
            return (size.Width > 0 ? size.Width : UsualWidth, size.Height > 0 ? size.Height : UsualHeight);
        }
        catch (Exception e) when (e is NotImplementedException or HostException)
        {
            // A host without a window: a job, a remote session, an editor.
            return (UsualWidth, UsualHeight);
        }
    }

    private static bool HasColour(PSCmdlet cmdlet)
    {
        if (Console.IsOutputRedirected || !string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR"))
            || Environment.GetEnvironmentVariable("TERM") == "dumb")
            return false;
        // The user's own choice, which pwsh keeps there.
        string? rendering = (cmdlet.SessionState.PSVariable.GetValue("PSStyle") is { } style
            ? PSObject.AsPSObject(style).Properties["OutputRendering"]?.Value : null)?.ToString();
        return rendering != "PlainText" && PSObject.AsPSObject(cmdlet.Host.UI).Properties["SupportsVirtualTerminal"]?.Value is true;
    }

    private static bool IsUtf8()
    {
        if (Console.OutputEncoding.CodePage != 65001) return false;
        string? locale = new[] { "LC_ALL", "LC_CTYPE", "LANG" }.Select(Environment.GetEnvironmentVariable).FirstOrDefault(v => !string.IsNullOrEmpty(v));
        return OperatingSystem.IsWindows() || locale is not ("C" or "POSIX");
    }
}
