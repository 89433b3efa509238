namespace Fe2Ps.Bench;

/// <summary>One thing that is measured: its rows, and how.</summary>
/// <param name="Rows">The names of its rows, which the command line chooses by.</param>
/// <param name="TakeAsync">Measures, and adds the rows to the table.</param>
internal sealed record Measurement(IReadOnlyList<string> Rows, Func<Ground, Table, CancellationToken, Task> TakeAsync)
{
    /// <summary>All of them, in the order of the table.</summary>
    public static IReadOnlyList<Measurement> All { get; } =
    [
        ListInstances.Measurement, ModuleImport.Measurement, TabAnswer.Measurement, FamilyPrice.Measurement, SpotHistory.Measurement, ReturnAfterSshd.Measurement,
        LaunchMany.Measurement, FirstByte.Measurement, CommandMany.Measurement, ResultArrival.Measurement,
        CopyFiles.Measurement, SpotSurvival.Measurement,
    ];

    /// <summary>Whether one of its rows has one of these words in its name; no words choose everything.</summary>
    public bool IsChosen(IReadOnlyCollection<string> words) =>
        words.Count == 0 || words.Any(word => Rows.Any(row => row.Contains(word, StringComparison.OrdinalIgnoreCase)));
}

/// <summary>Something that this machine lacks: the rows say so, and it is no failure.</summary>
internal sealed class NotHereException(string reason) : Exception(reason);
