using System.Text;
using System.Text.RegularExpressions;

namespace Fe2Ps.Sandbox.Hosts;

/// <summary>User data of several parts, a MIME message (cloudinit.readthedocs.io, "User-data formats"): each part is taken for what it begins with.</summary>
internal static partial class MimeParts
{
    /// <summary>The parts' texts, or null where it is no message of several parts.</summary>
    public static IReadOnlyList<string>? Read(string text)
    {
        text = text.ReplaceLineEndings("\n");
        if (Boundary().Match(text.Split("\n\n", 2)[0]) is not { Success: true } boundary)
            return null;
        var parts = new List<string>();
        foreach (var part in text.Split($"--{boundary.Groups[1].Value}", StringSplitOptions.None).Skip(1))
        {
            if (part.StartsWith("--", StringComparison.Ordinal) || part.TrimStart('\n').Split("\n\n", 2) is not [var head, var body])
                continue;
            body = body.EndsWith('\n') ? body[..^1] : body;
            parts.Add(Encoded().IsMatch(head) ? Encoding.UTF8.GetString(Convert.FromBase64String(body)) : body);
        }

        return parts;
    }

    /// <summary>All of them, one after another; each script is a program of its own.</summary>
    public static UserData Together(IEnumerable<UserData> parts)
    {
        var all = parts.ToList();
        var early = string.Concat(all.Select(part => part.Early));
        var scripts = all.Select(part => part.Final).OfType<string>().ToList();
        if (scripts.Count < 2)
            return new UserData(early.Length == 0 ? null : early, scripts.FirstOrDefault());
        var final = new StringBuilder("#!/bin/sh\n");
        foreach (var script in scripts)
        {
            final.Append("part=$(mktemp)\nbase64 -d >\"$part\" <<'END'\n")
                .Append(Convert.ToBase64String(Encoding.UTF8.GetBytes(script), Base64FormattingOptions.InsertLineBreaks).ReplaceLineEndings("\n"))
                .Append("\nEND\nchmod 700 \"$part\"\n\"$part\"\nrm -f \"$part\"\n");
        }

        return new UserData(early.Length == 0 ? null : early, final.ToString());
    }

    [GeneratedRegex("^Content-Type:\\s*multipart/[^\n]*boundary=\"?([^\"\n;]+)\"?", RegexOptions.IgnoreCase | RegexOptions.Multiline)]
    private static partial Regex Boundary();

    [GeneratedRegex("^Content-Transfer-Encoding:\\s*base64", RegexOptions.IgnoreCase | RegexOptions.Multiline)]
    private static partial Regex Encoded();
}
