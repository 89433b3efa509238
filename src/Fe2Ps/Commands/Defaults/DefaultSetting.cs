namespace Fe2Ps.Commands;

/// <summary>One setting: what it is now, and who says so.</summary>
/// <param name="Name">For example <c>Region</c>.</param>
/// <param name="Value">The value, or null where nobody has set it.</param>
/// <param name="Source">For example <c>Set-Fe2Default</c>, <c>environment variable AWS_REGION</c>, <c>built in</c>.</param>
public sealed record DefaultSetting(string Name, object? Value, string Source);
