namespace Fe2Ps.Sandbox.Wire;

/// <summary>EC2's wildcards: <c>*</c> any text, <c>?</c> any one character, <c>\</c> takes the next as it is. Case matters.</summary>
internal static class Wildcard
{
    public static bool IsMatch(ReadOnlySpan<char> pattern, ReadOnlySpan<char> text)
    {
        var (at, position, star, retry) = (0, 0, -1, 0);
        while (position < text.Length)
        {
            if (at < pattern.Length && pattern[at] == '*')
            {
                star = at++;
                retry = position;
                continue;
            }

            if (at < pattern.Length && Matches(pattern, at, text[position], out var width))
            {
                at += width;
                position++;
                continue;
            }

            if (star < 0)
                return false;
            at = star + 1;
            position = ++retry;
        }

        return pattern[at..].TrimStart('*').IsEmpty;
    }

    private static bool Matches(ReadOnlySpan<char> pattern, int at, char character, out int width)
    {
        width = 1;
        if (pattern[at] == '\\' && at + 1 < pattern.Length)
        {
            width = 2;
            return pattern[at + 1] == character;
        }

        return pattern[at] == '?' || pattern[at] == character;
    }
}
