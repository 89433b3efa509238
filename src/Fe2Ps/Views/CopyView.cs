using System.Globalization;

namespace Fe2Ps.Views;

/// <summary>What the views of copies show.</summary>
public static class CopyView
{
    private static readonly string[] Units = ["B", "KB", "MB", "GB", "TB"];

    /// <summary>A size in the largest unit that keeps a digit before the point; 1 KB is 1,024 bytes, as PowerShell has it.</summary>
    public static string Size(long bytes)
    {
        double value = bytes;
        int unit = 0;
        for (; value >= 1024 && unit < Units.Length - 1; unit++) value /= 1024;
        return string.Create(CultureInfo.InvariantCulture, $"{(unit == 0 ? value : Math.Round(value, 1)):0.#} {Units[unit]}");
    }

    /// <summary>A duration in seconds with one digit, or in minutes and seconds.</summary>
    public static string Time(TimeSpan time) => time.TotalSeconds < 60
        ? string.Create(CultureInfo.InvariantCulture, $"{time.TotalSeconds:0.0} s")
        : string.Create(CultureInfo.InvariantCulture, $"{(int)time.TotalMinutes} m {time.Seconds} s");
}
