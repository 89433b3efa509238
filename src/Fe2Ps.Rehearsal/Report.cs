using Fe2Ps.Core;

namespace Fe2Ps.Rehearsal;

/// <summary>Shows warnings, and each new status of a long wait once.</summary>
internal sealed class Report(Timeline timeline) : IProgress<Fe2Report>
{
    private string? last;

    void IProgress<Fe2Report>.Report(Fe2Report value)
    {
        var line = value switch
        {
            WarningReport warning => $"warning: {warning.Message}",
            ProgressReport progress => progress.Status,
            _ => null,
        };
        if (line is null || line == last) return;
        last = line;
        timeline.Say(line);
    }
}
