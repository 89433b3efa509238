namespace Fe2Ps.Core.Charts;

/// <summary>What a terminal can show.</summary>
/// <param name="Width">Its width in characters; a chart uses no more, and at least 40.</param>
/// <param name="PlotHeight">The lines of one chart, without title and axis; at least 3.</param>
/// <param name="IsUnicode">Whether it shows more than ASCII.</param>
/// <param name="HasColour">Whether it understands the colours of ECMA-48.</param>
public sealed record TerminalStyle(int Width, int PlotHeight, bool IsUnicode, bool HasColour)
{
    /// <summary>The narrowest chart, in characters.</summary>
    public const int LeastWidth = 40;

    /// <summary>The lowest chart, in lines.</summary>
    public const int LeastHeight = 3;

    /// <summary>Colours of the terminal's own palette, which suits its background.</summary>
    private static readonly string[] Colours = ["36", "33", "35", "32", "34", "31"];

    internal string Paint(string text, int line) => HasColour ? $"\u001b[{Colours[line % Colours.Length]}m{text}\u001b[0m" : text;

    internal string Dim(string text) => HasColour && text.Length > 0 ? $"\u001b[90m{text}\u001b[0m" : text;

    internal string Bold(string text) => HasColour ? $"\u001b[1m{text}\u001b[0m" : text;
}
