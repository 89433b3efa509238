namespace Fe2Ps.Core.Sessions;

/// <summary>What the caller asks for; null means: as the defaults, the environment or the profile say.</summary>
/// <param name="Region">A code (<c>us-east-2</c>) or a friendly name (<c>Ohio</c>), any case.</param>
/// <param name="ProfileName">A profile of <c>~/.aws</c>.</param>
/// <param name="EndpointUrl">Another endpoint than AWS's own for every service: a sandbox.</param>
public sealed record SessionOptions(string? Region = null, string? ProfileName = null, string? EndpointUrl = null);

/// <summary>Where a setting came from.</summary>
/// <param name="Setting"><c>Region</c>, <c>Profile</c>, <c>Endpoint</c> or <c>Credentials</c>.</param>
/// <param name="Value">Its value; for credentials their kind, never a key.</param>
/// <param name="Source">For example <c>-Region</c>, <c>Set-Fe2Default</c>, <c>environment variable AWS_REGION</c>.</param>
public sealed record SettingSource(string Setting, string? Value, string Source);
