namespace Fe2Ps.Core.Sessions;

/// <summary>What Core sees of this computer: environment variables, the home folder and the clock. Tests hand in their own.</summary>
/// <param name="Variable">Reads one environment variable; null where it is not set.</param>
/// <param name="HomeFolder">The user's home folder.</param>
/// <param name="Clock">Where time comes from.</param>
public sealed record Fe2Environment(Func<string, string?> Variable, string HomeFolder, TimeProvider Clock)
{
    /// <summary>This process, as it is now.</summary>
    public static Fe2Environment Process => new(
        Environment.GetEnvironmentVariable,
        Environment.GetFolderPath(Environment.SpecialFolder.UserProfile),
        TimeProvider.System);

    /// <summary>The variable's value, or null where it is missing or empty: AWS's own tools treat both alike.</summary>
    public string? Get(string name) => Variable(name) is { Length: > 0 } value ? value : null;
}
