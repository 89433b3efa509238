namespace Fe2Ps.Sandbox.State;

/// <summary>A user of the account with policies and keys: somebody to rehearse with who may not do everything.</summary>
internal sealed class User : Resource
{
    public required string Name { get; init; }

    public required string Arn { get; init; }

    public required string AccessKey { get; init; }

    public required string SecretKey { get; init; }

    /// <summary>As JSON.</summary>
    public List<string> Policies { get; set; } = [];
}
