using System.Text;

namespace Fe2Ps.Core.Charts;

/// <summary>
/// A field of dots, each of which belongs to a line. In Unicode a character holds 2 by 4 dots (braille patterns, U+2800 and on);
/// in ASCII it is one dot, drawn as the line's own sign.
/// </summary>
internal sealed class LineCanvas
{
    /// <summary>The bit of each dot of a braille pattern, by row, left and right.</summary>
    private static readonly byte[,] Bits = { { 0x01, 0x08 }, { 0x02, 0x10 }, { 0x04, 0x20 }, { 0x40, 0x80 } };

    /// <summary>What tells lines apart without colour: how many dots are drawn and how many left out, along the line.</summary>
    private static readonly (int On, int Off)[] Dashes = [(1, 0), (4, 3), (1, 2), (7, 2), (2, 4), (9, 5)];

    private const string Signs = "*o+x#@";

    private readonly TerminalStyle style;
    private readonly byte[,] patterns;
    private readonly int[,] owners;
    private readonly int columns;
    private readonly int rows;

    public LineCanvas(int columns, int rows, TerminalStyle style)
    {
        (this.columns, this.rows, this.style) = (columns, rows, style);
        patterns = new byte[rows, columns];
        owners = new int[rows, columns];
    }

    /// <summary>The width in dots.</summary>
    public int Width => style.IsUnicode ? columns * 2 : columns;

    /// <summary>The height in dots.</summary>
    public int Height => style.IsUnicode ? rows * 4 : rows;

    /// <summary>Sets a dot of a line; x from the left, y from the bottom.</summary>
    public void Set(int x, int y, int line)
    {
        int fromTop = Height - 1 - y;
        (int row, int column) = style.IsUnicode ? (fromTop / 4, x / 2) : (fromTop, x);
        patterns[row, column] |= style.IsUnicode ? Bits[fromTop % 4, x % 2] : (byte)1;
        owners[row, column] = line + 1;
    }

    /// <summary>Whether a line is drawn at this place along it.</summary>
    public bool IsDrawn(int place, int line)
    {
        if (style.HasColour || !style.IsUnicode)
            return true;
        (int on, int off) = Dashes[line % Dashes.Length];
        return place % (on + off) < on;
    }

    /// <summary>One row of characters, from the top, without blanks at its end.</summary>
    /// <param name="row">Which, from the top.</param>
    /// <param name="width">The visible width of what is returned.</param>
    public string Row(int row, out int width)
    {
        var text = new StringBuilder();
        width = columns;
        while (width > 0 && owners[row, width - 1] == 0)
            width--;
        for (int column = 0; column < width;)
        {
            int owner = owners[row, column];
            var run = new StringBuilder();
            for (; column < width && owners[row, column] == owner; column++)
                run.Append(owner == 0 ? ' ' : style.IsUnicode ? (char)(0x2800 + patterns[row, column]) : Signs[(owner - 1) % Signs.Length]);
            text.Append(owner == 0 ? run.ToString() : style.Paint(run.ToString(), owner - 1));
        }

        return text.ToString();
    }

    /// <summary>A line's sample for the legend, four characters wide.</summary>
    public static string Sample(int line, TerminalStyle style)
    {
        var canvas = new LineCanvas(4, 1, style);
        for (int x = 0; x < canvas.Width; x++)
        {
            if (canvas.IsDrawn(x, line))
                canvas.Set(x, style.IsUnicode ? 1 : 0, line);
        }

        string text = canvas.Row(0, out int width);
        return text + new string(' ', 4 - width);
    }
}
