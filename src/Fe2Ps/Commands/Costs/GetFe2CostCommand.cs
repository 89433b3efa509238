using System.Collections;
using System.Management.Automation;
using Fe2Ps.Completion;
using Fe2Ps.Core;
using Fe2Ps.Core.Costs;
using Fe2Ps.Core.Regions;
using Fe2Ps.Core.Sessions;
using Fe2Ps.Pipeline;

namespace Fe2Ps.Commands;

/// <summary>What costs money now: since when, how much an hour, how much so far.</summary>
[Cmdlet(VerbsCommon.Get, "Fe2Cost", DefaultParameterSetName = "Item")]
[OutputType(typeof(CostItem), typeof(CostSum))]
public sealed class GetFe2CostCommand : Fe2Cmdlet
{
    private readonly List<SessionOptions> _places = [];
    private readonly List<CostItem> _items = [];
    private readonly HashSet<string?> _endpoints = [];
    private bool _wasWhole = true;

    /// <summary>Only things of these names; wildcards select.</summary>
    [Parameter(Position = 0)]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(InstanceNameCompleter))]
    [InstanceName]
    [ValidateNotNullOrEmpty]
    public string[] Name { get; set; } = [];

    /// <summary>Only these kinds.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public CostKind[] Kind { get; set; } = [];

    /// <summary>Only what carries these tags.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public Hashtable? Tag { get; set; }

    /// <summary>Counts what was spent from this time on.</summary>
    [Parameter]
    public DateTime? Since { get; set; }

    /// <summary>Sums by name, kind, owner, region, or the key of a tag.</summary>
    [Parameter(Mandatory = true, ParameterSetName = "Group")]
    [ArgumentCompleter(typeof(CostGroupCompleter))]
    [ValidateNotNullOrEmpty]
    public string GroupBy { get; set; } = "";

    /// <summary>One sum of everything.</summary>
    [Parameter(Mandatory = true, ParameterSetName = "Total")]
    public SwitchParameter Total { get; set; }

    /// <summary>Ends with an error where more than this was spent so far, USD.</summary>
    [Parameter]
    [ValidateRange(0, 1000000)]
    public decimal? Budget { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        if (!_places.Contains(Where)) _places.Add(Where);
    }

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        DateTimeOffset? since = Since is { } time ? new DateTimeOffset(time) : null;
        foreach (SessionOptions place in _places)
        {
            int before = _items.Count;
            bool isWhole = false;
            Run(async stop =>
            {
                bool all = true;
                foreach (SessionOptions where in await RegionsAsync(place, stop).ConfigureAwait(false))
                    all &= await LookAsync(where, since, stop).ConfigureAwait(false);
                isWhole = all;
            });
            _wasWhole &= isWhole;
            if (ParameterSetName == "Item") Write(_items.Skip(before));
        }

        CostSum total = CostSum.Of("total", _items);
        if (ParameterSetName == "Total") Write([total]);
        if (ParameterSetName == "Group") Write(CostSum.By(_items, GroupBy));
        if (Budget is not null)
        {
            foreach (string unsaid in CostBudget.Unsaid(_items)) WriteWarning(unsaid);
        }

        if (Budget is { } budget && CostBudget.Judge(total, budget, _items.Count(i => i.UsdPerHour is null), _wasWhole) is { } verdict)
            ThrowTerminatingError(verdict.ToErrorRecord());
    }

    private void Write(IEnumerable<object> values)
    {
        foreach (object value in values)
        {
            var dressed = new PSObject(value);
            dressed.TypeNames.Insert(0, value is CostItem ? "Fe2Ps.Cost" : "Fe2Ps.CostSum");
            // By these the next cmdlet of the pipeline works where the item is, and the view says that it is a sandbox.
            if (_places.All(p => p.ProfileName == _places[0].ProfileName) && _places[0].ProfileName is { } profile)
                dressed.Members.Add(new PSNoteProperty("ProfileName", profile));
            if (_endpoints.Count == 1 && _endpoints.Single() is { } endpoint) dressed.Members.Add(new PSNoteProperty("EndpointUrl", endpoint));
            WriteObject(dressed);
        }
    }

    /// <summary><c>-Region *</c> stands for every region that the account can use.</summary>
    private async Task<IReadOnlyList<SessionOptions>> RegionsAsync(SessionOptions place, CancellationToken stop)
    {
        if (place.Region != "*") return [place];
        Fe2Session session = await OpenAsync(place with { Region = null }, stop).ConfigureAwait(false);
        IReadOnlyList<RegionInfo> regions = await new RegionQuery(session).ListAsync(cancellationToken: stop).ConfigureAwait(false);
        return [.. regions.Select(r => place with { Region = r.Code })];
    }

    private async Task<bool> LookAsync(SessionOptions where, DateTimeOffset? since, CancellationToken stop)
    {
        Fe2Session session = await OpenAsync(where, stop).ConfigureAwait(false);
        _endpoints.Add(session.EndpointUrl);
        Pump.Report(new ProgressReport("Looking at what costs", session.Region));
        CostSelection found = await new CostQuery(session).ListAsync(since, Pump, stop).ConfigureAwait(false);
        var patterns = Name.Select(n => new WildcardPattern(n)).ToList();
        Dictionary<string, string> tags = Texts.Dictionary(Tag);
        _items.AddRange(found.Items.Where(i =>
            (patterns.Count == 0 || patterns.Exists(p => p.IsMatch(i.Name ?? "") || p.IsMatch(i.Id)))
            && (Kind.Length == 0 || Kind.Contains(i.Kind))
            && tags.All(t => i.Tags.TryGetValue(t.Key, out string? value) && new WildcardPattern(t.Value).IsMatch(value))));
        foreach (Fe2Exception problem in found.Problems) await WriteErrorAsync(problem).ConfigureAwait(false);
        return found.Problems.Count == 0;
    }
}
