namespace Fe2Ps.Core.Prices;

/// <summary>How near two words are for somebody who types.</summary>
internal static class TypingErrors
{
    /// <summary>How many letters must be put in, left out or changed to make one word of the other (Levenshtein's distance).</summary>
    public static int Between(string a, string b)
    {
        int[] before = [.. Enumerable.Range(0, b.Length + 1)];
        for (int i = 1; i <= a.Length; i++)
        {
            int[] row = new int[b.Length + 1];
            row[0] = i;
            for (int j = 1; j <= b.Length; j++)
                row[j] = Math.Min(Math.Min(row[j - 1], before[j]) + 1, before[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1));
            before = row;
        }

        return before[b.Length];
    }
}
