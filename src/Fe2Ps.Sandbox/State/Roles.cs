using System.Security.Cryptography;

namespace Fe2Ps.Sandbox.State;

/// <summary>An IAM role. The calls of instances that have it are allowed what its policies say.</summary>
internal sealed class Role : Resource
{
    public required string Name { get; init; }

    public required string Arn { get; init; }

    public required string Path { get; init; }

    /// <summary>Who may take the role, as JSON.</summary>
    public required string TrustPolicy { get; init; }

    public string? Description { get; init; }

    /// <summary>Seconds.</summary>
    public int LongestSession { get; init; } = 3600;

    /// <summary>The inline policies by name, as JSON.</summary>
    public Dictionary<string, string> Policies { get; init; } = new(StringComparer.Ordinal);

    /// <summary>The ARNs of the managed policies.</summary>
    public HashSet<string> ManagedPolicies { get; init; } = new(StringComparer.Ordinal);
}

/// <summary>An IAM instance profile: what carries at most one role to instances.</summary>
internal sealed class InstanceProfile : Resource
{
    public required string Name { get; init; }

    public required string Arn { get; init; }

    public required string Path { get; init; }

    public string? RoleName { get; set; }
}

/// <summary>Temporary credentials that an instance has by its role.</summary>
internal sealed record RoleSession(
    string AccessKey, string SecretKey, string Token, string RoleName, string RoleId, string InstanceId, DateTimeOffset Made, DateTimeOffset Until);

/// <summary>The credentials of the instances' roles. They are not kept over a restart: instances ask for new ones.</summary>
internal sealed class RoleSessions(TimeProvider time)
{
    // EC2 gives six hours, and new ones at least five minutes before the end (EC2 user guide, "Retrieve security credentials from instance metadata").
    private static readonly TimeSpan s_length = TimeSpan.FromHours(6);
    private static readonly TimeSpan s_renewal = TimeSpan.FromMinutes(5);
    private readonly Lock _lock = new();
    private readonly Dictionary<string, RoleSession> _byKey = new(StringComparer.Ordinal);

    /// <summary>The present credentials of an instance.</summary>
    public RoleSession Of(string instanceId, Role role)
    {
        var now = time.GetUtcNow();
        lock (_lock)
        {
            foreach (var old in _byKey.Values.Where(session => session.Until < now.AddHours(-1)).ToList())
                _byKey.Remove(old.AccessKey);
            var present = _byKey.Values.FirstOrDefault(session => session.InstanceId == instanceId && session.RoleId == role.Id && session.Until - s_renewal > now);
            if (present is not null)
                return present;
            var made = new RoleSession(
                "ASIA" + Convert.ToHexString(RandomNumberGenerator.GetBytes(8)), Convert.ToBase64String(RandomNumberGenerator.GetBytes(30)),
                Convert.ToBase64String(RandomNumberGenerator.GetBytes(120)), role.Name, role.Id, instanceId, now, now + s_length);
            _byKey[made.AccessKey] = made;
            return made;
        }
    }

    public RoleSession? Find(string accessKey)
    {
        lock (_lock)
            return _byKey.GetValueOrDefault(accessKey);
    }
}
