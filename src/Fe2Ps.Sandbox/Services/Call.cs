using Fe2Ps.Sandbox.Catalogue;
using Fe2Ps.Sandbox.Iam;
using Fe2Ps.Sandbox.State;
using Fe2Ps.Sandbox.Wire;

namespace Fe2Ps.Sandbox.Services;

/// <summary>One call of an operation, with its parsed input. Handlers run under the sandbox's gate.</summary>
internal sealed class Call(Cloud cloud, Operation operation, Fields input, string regionName, string? tokenScope = null)
{
    public Cloud Cloud { get; } = cloud;

    public Operation Operation { get; } = operation;

    public Fields Input { get; } = input;

    public RegionFacts Facts { get; } = Geography.Find(regionName);

    public RegionState Region => Cloud.Region(Facts.Name);

    /// <summary>Who asks; the account's own user unless it is said.</summary>
    public Caller Caller { get; init; } = Caller.Owner(cloud.State.AccountId);

    /// <summary>The same call with its page size and token under the usual names, for services that have others.</summary>
    public Call Paged(string size, string token)
        => new(Cloud, Operation, new Fields { ["MaxResults"] = Input.Int(size), ["NextToken"] = Input.Text(token) }, Facts.Name, TokenScope);

    public string AccountId => Cloud.State.AccountId;

    public DateTimeOffset Now => Cloud.Now;

    /// <summary>Who asked, for what a page token belongs to.</summary>
    public string TokenScope { get; } = tokenScope ?? operation.Name;

    /// <summary>
    /// For a client token that was used before: the ids of then, when the request is the same. EC2 refuses another request with the same token.
    /// </summary>
    public IReadOnlyList<string>? Replay(string? token)
    {
        if (string.IsNullOrEmpty(token))
            return null;
        var use = Region.Tokens.FirstOrDefault(use => use.Operation == Operation.Name && use.Token == token);
        if (use is null)
            return null;
        return use.Request == Fingerprint()
            ? use.Ids
            : throw new ApiException("IdempotentParameterMismatch", "The client token you have provided is associated with a resource that has already been created with different parameters.");
    }

    /// <summary>Remembers what a client token made.</summary>
    public void Remember(string? token, IEnumerable<string> ids)
    {
        if (string.IsNullOrEmpty(token))
            return;
        Region.Tokens.RemoveAll(use => use.At < Now.AddDays(-1));
        Region.Tokens.Add(new TokenUse(Operation.Name, token, Fingerprint(), [.. ids], Now));
    }

    private string Fingerprint()
        => Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(Input.Canonical("ClientToken", "DryRun"))));
}

/// <summary>What an operation does.</summary>
internal delegate Fields? Handler(Call call);
