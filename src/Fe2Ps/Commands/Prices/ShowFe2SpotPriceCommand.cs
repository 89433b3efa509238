using System.Diagnostics;
using System.Management.Automation;
using Fe2Ps.Completion;
using Fe2Ps.Core;
using Fe2Ps.Core.Charts;
using Fe2Ps.Core.Prices;
using Fe2Ps.Core.Sessions;
using Fe2Ps.Pipeline;
using Fe2Ps.Views;

namespace Fe2Ps.Commands;

/// <summary>Draws spot prices: in the terminal, or as a page for the browser.</summary>
[Cmdlet(VerbsCommon.Show, "Fe2SpotPrice", DefaultParameterSetName = "Type")]
[OutputType(typeof(string), typeof(FileInfo))]
public sealed class ShowFe2SpotPriceCommand : Fe2Cmdlet
{
    private readonly NameBatches _batches = new();
    private readonly List<SpotPriceSummary> _prices = [];

    /// <summary>Types, families or patterns.</summary>
    [Parameter(Position = 0, Mandatory = true, ValueFromPipeline = true, ParameterSetName = "Type")]
    [Alias("Type")]
    [SupportsWildcards]
    [InstanceTypeName]
    [ArgumentCompleter(typeof(InstanceTypePatternCompleter))]
    [ValidateNotNullOrEmpty]
    public string[] InstanceType { get; set; } = [];

    /// <summary>Prices that were read before.</summary>
    [Parameter(Mandatory = true, ValueFromPipeline = true, ParameterSetName = "Price")]
    [ValidateNotNullOrEmpty]
    public SpotPriceSummary[] InputObject { get; set; } = [];

    /// <summary>How many days back from now.</summary>
    [Parameter(Position = 1, ParameterSetName = "Type")]
    [ValidateRange(1, SpotPriceHistory.MostDays)]
    public int Days { get; set; } = 3;

    /// <summary>Only these zones.</summary>
    [Parameter(ParameterSetName = "Type")]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(ZoneCompleter))]
    [ValidateNotNullOrEmpty]
    public string[] Zone { get; set; } = [];

    /// <summary>Whose price.</summary>
    [Parameter(ParameterSetName = "Type")]
    [ValidateSet("Linux", "RHEL", "SUSE", "Windows")]
    public string OperatingSystem { get; set; } = "Linux";

    /// <summary>The chart's width in characters.</summary>
    [Parameter]
    [ValidateRange(TerminalStyle.LeastWidth, 400)]
    public int Width { get; set; }

    /// <summary>The height of each chart in lines.</summary>
    [Parameter]
    [ValidateRange(TerminalStyle.LeastHeight, 60)]
    public int Height { get; set; }

    /// <summary>Only ASCII, without colour.</summary>
    [Parameter]
    public SwitchParameter Plain { get; set; }

    /// <summary>The file to write a page to.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? Html { get; set; }

    /// <summary>Opens the page in the browser.</summary>
    [Parameter]
    public SwitchParameter Open { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        if (ParameterSetName == "Price") _prices.AddRange(InputObject);
        else _batches.Add(Where, InstanceType);
    }

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        foreach ((SessionOptions where, IReadOnlyList<string> types) in _batches.All)
        {
            Run(async stop =>
            {
                Fe2Session session = await OpenAsync(where, stop).ConfigureAwait(false);
                var query = new SpotPriceQuery(types, [.. Zone], Days, OperatingSystem);
                SpotPriceSelection found = await new SpotPriceHistory(session).SelectAsync(query, Pump, stop).ConfigureAwait(false);
                _prices.AddRange(found.Prices);
                foreach (Fe2Exception problem in found.Problems) await WriteErrorAsync(problem).ConfigureAwait(false);
            });
        }

        if (_prices.Count == 0) return;
        Run(() =>
        {
            if (Html is not null || Open) WritePage();
            else WriteChart();
        });
    }

    private void WriteChart()
    {
        IReadOnlyList<ChartPanel> panels = ChartPanel.Of(_prices);
        TerminalStyle style = TerminalHost.StyleFor(this, panels.Count, Plain);
        if (Width > 0) style = style with { Width = Width };
        if (Height > 0) style = style with { PlotHeight = Height };
        foreach (ChartPanel panel in panels)
        {
            WriteObject(TerminalChart.Draw(panel, style), enumerateCollection: true);
            if (panel != panels[^1]) WriteObject("");
        }
    }

    private void WritePage()
    {
        string path = Html is null
            ? Path.Combine(Path.GetTempPath(), $"fe2-spot-prices-{Path.GetRandomFileName()}.html")
            : GetUnresolvedProviderPathFromPSPath(Html);
        File.WriteAllText(path, SpotPricePage.Write(_prices, DateTimeOffset.UtcNow));
        WriteObject(new FileInfo(path));
        if (!Open) return;
        try
        {
            using Process? browser = Process.Start(new ProcessStartInfo(path) { UseShellExecute = true });
        }
        catch (System.ComponentModel.Win32Exception refusal)
        {
            throw new Fe2Exception(
                "BrowserMissing", Fe2ErrorKind.NotInstalled, $"The page is written, but nothing on this computer opens it: {refusal.Message}",
                $"Open {path} in a browser, or copy it to where there is one: it needs no other file.", path, refusal);
        }
    }
}
