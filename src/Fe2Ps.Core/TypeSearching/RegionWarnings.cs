using System.Collections.Concurrent;

namespace Fe2Ps.Core.TypeSearching;

/// <summary>What is said while several regions are asked: progress at once, all warnings as one in the end.</summary>
internal sealed class RegionWarnings(IProgress<Fe2Report>? report, int regions)
{
    private const int MostNamed = 3;

    private readonly ConcurrentDictionary<string, string> said = new(StringComparer.Ordinal);

    /// <summary>What one region says. Of a search in one region alone everything passes as it is.</summary>
    public IProgress<Fe2Report>? Of(string region) => report is null || regions == 1 ? report : new Part(this, region);

    /// <summary>Adds a warning; of several for one region the first counts.</summary>
    public void Add(string region, string text) => said.TryAdd(region, text);

    /// <summary>Says all of them.</summary>
    public void Say()
    {
        if (said.IsEmpty)
            return;
        KeyValuePair<string, string>[] all = [.. said.OrderBy(s => s.Key, StringComparer.Ordinal)];
        string more = all.Length > MostNamed ? $" And {all.Length - MostNamed} more: {string.Join(", ", all.Skip(MostNamed).Select(s => s.Key))}." : "";
        report?.Report(new WarningReport($"{string.Join(" ", all.Take(MostNamed).Select(s => $"{s.Key}: {s.Value.TrimEnd('.')}."))}{more}"));
    }

    private sealed class Part(RegionWarnings all, string region) : IProgress<Fe2Report>
    {
        public void Report(Fe2Report value)
        {
            if (value is WarningReport warning)
                all.Add(region, warning.Message);
            else
                all.Forward(value);
        }
    }

    private void Forward(Fe2Report value) => report!.Report(value);
}
