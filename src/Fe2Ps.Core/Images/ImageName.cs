using System.Globalization;

namespace Fe2Ps.Core.Images;

/// <summary>
/// The name that EC2 itself keeps of an image: 3 to 128 letters, digits and some signs, unique in the account, never to be changed
/// (CreateImage in the EC2 API reference). People's own name is the Name tag, which knows no such rules.
/// </summary>
internal static class ImageName
{
    private const int Least = 3;
    private const int Most = 128;
    private const string Signs = "()[] ./-'@_";

    /// <summary>A name for EC2: the wanted one where the rules allow it and it is free, else one like it with the time added.</summary>
    public static string For(string wanted, IReadOnlyCollection<string> taken, DateTimeOffset now)
    {
        string safe = string.Concat(wanted.Select(c => IsAllowed(c) ? c : '-'));
        if (safe == wanted && wanted.Length is >= Least and <= Most && !taken.Contains(wanted))
            return wanted;
        string time = now.UtcDateTime.ToString("yyyyMMdd-HHmmss", CultureInfo.InvariantCulture);
        string start = safe[..Math.Min(safe.Length, Most - time.Length - 4)];
        string name = $"{start}-{time}";
        for (int number = 2; taken.Contains(name); number++)
            name = string.Create(CultureInfo.InvariantCulture, $"{start}-{time}-{number}");
        return name;
    }

    /// <exception cref="Fe2Exception"><c>ImageNameInvalid</c>.</exception>
    public static void Check(string name)
    {
        if (string.IsNullOrWhiteSpace(name) || name.Length > 200 || name != name.Trim() || name.AsSpan().ContainsAny("*?[]") || name.Any(char.IsControl)
            || ImageFinder.IsId(name))
        {
            throw new Fe2Exception(
                "ImageNameInvalid", Fe2ErrorKind.InvalidArgument, $"'{name}' cannot be an image's name.",
                "Give a -Name of 1 to 200 characters without * ? [ ], without a space at either end, and nothing that looks like an image id.", name);
        }
    }

    private static bool IsAllowed(char c) => char.IsAsciiLetterOrDigit(c) || Signs.Contains(c, StringComparison.Ordinal);
}
