using System.Globalization;

namespace Fe2Ps.Core.Groups;

/// <summary>The share of spot machines: how many of a hundred above the base.</summary>
public static class SpotShare
{
    /// <summary>Reads <c>70%</c> or <c>70</c>.</summary>
    /// <exception cref="Fe2Exception"><c>SpotShareInvalid</c>.</exception>
    public static int Parse(string text)
    {
        string number = text.Trim().TrimEnd('%').TrimEnd();
        return int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out int percent) && percent <= 100
            ? percent
            : throw GroupErrors.Invalid("SpotShareInvalid", $"'{text}' is not a share of spot machines.", "Give a percentage from 0 to 100, such as -Spot 70%.", text);
    }

    /// <summary>How many machines of a group are spot at a size: AWS rounds in favour of on-demand.</summary>
    public static int Count(int machines, int onDemandBase, int percent)
    {
        int above = Math.Max(0, machines - onDemandBase);
        return above - (int)Math.Ceiling(above * (100 - percent) / 100.0);
    }
}
