using System.Globalization;

namespace Fe2Ps.Views;

/// <summary>
/// Cells of tables in windows of any width. PowerShell leaves columns out, without a word, when a table is too wide, so the
/// cells that can be long are shortened instead: an ellipsis shows where. A width of 0 is that of no window, and shortens nothing.
/// </summary>
public static class Cell
{
    /// <summary>From this width on, ids, types and zones are written in full.</summary>
    public const int Wide = 110;

    private const int ShortIdDigits = 4;

    /// <summary>True for a window that is too narrow for everything in full.</summary>
    public static bool IsNarrow(int width) => width is > 0 and < Wide;

    /// <summary>The beginning of a text, with an ellipsis where it is longer.</summary>
    public static string? Short(string? text, int most) => text is null || text.Length <= most ? text : text[..(most - 1)] + "…";

    /// <summary>The end of a path, with an ellipsis where it is longer.</summary>
    public static string? End(string? text, int most) => text is null || text.Length <= most ? text : "…" + text[^(most - 1)..];

    /// <summary>What is left of the window beside the other columns, and never less than <paramref name="least"/>.</summary>
    public static string? Rest(string? text, int width, int others, int least) => width <= 0 ? text : Short(text, Math.Max(least, width - others));

    /// <summary>A path of half of what is left of the window beside the other columns.</summary>
    public static string? Half(string? path, int width, int others) => width <= 0 ? path : End(path, Math.Max(12, (width - others) / 2));

    /// <summary>An id of AWS, in a narrow window only its kind and its first digits: <c>i-0f3a…</c></summary>
    public static string? Id(string? id, int width) =>
        IsNarrow(width) && id is not null ? Short(id, id.LastIndexOf('-') + 2 + ShortIdDigits) : id;

    /// <summary>A zone, in a narrow window without the region's direction: <c>2c</c>.</summary>
    public static string? Zone(string? zone, int width) => IsNarrow(width) && zone is not null ? zone[(zone.LastIndexOf('-') + 1)..] : zone;

    /// <summary>A moment in this computer's time; in a narrow window without year and seconds.</summary>
    public static string Time(DateTimeOffset? at, int width) =>
        at?.LocalDateTime.ToString(IsNarrow(width) ? "MM-dd HH:mm" : "yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture) ?? "";

    /// <summary>Where something comes from, when its region is no matter: a sandbox says so.</summary>
    public static string Source(string? endpointUrl) => string.IsNullOrEmpty(endpointUrl) ? "AWS" : InstanceView.Place("", endpointUrl).Trim(' ', ',', '(', ')');
}
