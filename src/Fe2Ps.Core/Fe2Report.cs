namespace Fe2Ps.Core;

/// <summary>What a running operation has to say. Core never writes to a console: it reports through <see cref="IProgress{T}"/>.</summary>
public abstract record Fe2Report;

/// <summary>How far a long wait has come.</summary>
/// <param name="Activity">The whole, for example <c>Launching spot2</c>.</param>
/// <param name="Status">What happens now.</param>
/// <param name="Percent">0 to 100, or null where nobody can know.</param>
public sealed record ProgressReport(string Activity, string Status, int? Percent = null) : Fe2Report;

/// <summary>Something the user should know although the work goes on.</summary>
public sealed record WarningReport(string Message) : Fe2Report;

/// <summary>A detail for those who ask for details.</summary>
public sealed record VerboseReport(string Message) : Fe2Report;
