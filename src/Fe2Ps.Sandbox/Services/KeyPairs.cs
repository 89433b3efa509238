using System.Text;
using Fe2Ps.Sandbox.State;
using Fe2Ps.Sandbox.Wire;

namespace Fe2Ps.Sandbox.Services;

/// <summary>ImportKeyPair, CreateKeyPair, DeleteKeyPair, DescribeKeyPairs.</summary>
internal static class KeyPairs
{
    private static readonly Filters<KeyPair> s_filters = new Filters<KeyPair>()
        .One("key-name", item => item.Name)
        .One("key-pair-id", item => item.Id)
        .One("fingerprint", item => item.Fingerprint);

    public static void Register(OperationTable table)
    {
        table.Add("ImportKeyPair", Import);
        table.Add("CreateKeyPair", Create);
        table.Add("DeleteKeyPair", Delete);
        table.Add("DescribeKeyPairs", Describe);
    }

    private static Fields Import(Call call)
    {
        var name = FreeName(call);
        var text = Encoding.UTF8.GetString(call.Input.Blob("PublicKeyMaterial")!).Trim();
        var key = PublicKey.Read(text) ?? throw new ApiException("InvalidKey.Format", "Key is not in valid OpenSSH public key format");
        var pair = Keep(call, name, key, key.ImportedFingerprint());
        return new Fields { ["KeyName"] = name, ["KeyFingerprint"] = pair.Fingerprint, ["KeyPairId"] = pair.Id, ["Tags"] = TagRules.List(pair) };
    }

    private static Fields Create(Call call)
    {
        var name = FreeName(call);
        if (call.Input.Text("KeyFormat") == "ppk")
            throw new ApiException("Unsupported", "The sandbox makes keys in the pem format only.");
        var (key, privateKey, fingerprint) = call.Input.Text("KeyType") == "ed25519" ? NewKeys.Ed25519(name) : NewKeys.Rsa();
        var pair = Keep(call, name, key, fingerprint);
        return new Fields
        {
            ["KeyName"] = name,
            ["KeyFingerprint"] = fingerprint,
            ["KeyMaterial"] = privateKey,
            ["KeyPairId"] = pair.Id,
            ["Tags"] = TagRules.List(pair),
        };
    }

    private static Fields Delete(Call call)
    {
        var (name, id) = (call.Input.Text("KeyName"), call.Input.Text("KeyPairId"));
        if (name is null && id is null)
            throw new ApiException("MissingParameter", "The request must contain the parameter keyName or keyPairId");

        // EC2 says yes to the deletion of a key that does not exist.
        var found = call.Region.KeyPairs.Values.FirstOrDefault(pair => pair.Name == name || pair.Id == id);
        if (found is not null)
            call.Region.KeyPairs.Remove(found.Id);
        return new Fields { ["Return"] = true, ["KeyPairId"] = found?.Id };
    }

    private static Fields Describe(Call call)
    {
        var (names, ids) = (call.Input.Strings("KeyNames"), call.Input.Strings("KeyPairIds"));
        var all = call.Region.KeyPairs.Values;
        var missing = names.Where(name => all.All(pair => pair.Name != name)).ToList();
        if (missing.Count > 0)
            throw new ApiException("InvalidKeyPair.NotFound", $"The key pair{(missing.Count > 1 ? "s" : "")} '{string.Join(", ", missing)}' do{(missing.Count > 1 ? "" : "es")} not exist");
        if (ids.FirstOrDefault(id => all.All(pair => pair.Id != id)) is { } unknown)
            throw new ApiException("InvalidKeyPair.NotFound", $"The key pair '{unknown}' does not exist");
        var pairs = all.Where(pair => (names.Count == 0 && ids.Count == 0) || names.Contains(pair.Name) || ids.Contains(pair.Id));
        return new Fields
        {
            ["KeyPairs"] = s_filters.Apply(pairs, call.Input).OrderBy(pair => pair.Name, StringComparer.Ordinal).Select(pair => new Fields
            {
                ["KeyPairId"] = pair.Id,
                ["KeyName"] = pair.Name,
                ["KeyFingerprint"] = pair.Fingerprint,
                ["KeyType"] = pair.Type,
                ["Tags"] = TagRules.List(pair),
                ["CreateTime"] = pair.CreatedAt,
                ["PublicKey"] = call.Input.Is("IncludePublicKey") ? pair.PublicKey : null,
            }),
        };
    }

    private static string FreeName(Call call)
    {
        var name = call.Input.Text("KeyName")!;
        if (name.Length is 0 or > 255 || name.Any(character => character is < ' ' or > '~'))
            throw ApiException.BadValue(name, "keyName", "Up to 255 ASCII characters are allowed.");
        return call.Region.KeyPairs.Values.All(pair => pair.Name != name)
            ? name : throw new ApiException("InvalidKeyPair.Duplicate", $"The keypair already exists ('{name}')");
    }

    private static KeyPair Keep(Call call, string name, PublicKey key, string fingerprint)
    {
        var pair = new KeyPair
        {
            Id = Ids.New("key"),
            Name = name,
            Type = key.Type,
            PublicKey = $"{key.Text} {name}",
            Fingerprint = fingerprint,
            CreatedAt = call.Now,
            Tags = TagRules.For(call.Input, "key-pair"),
        };
        call.Region.KeyPairs[pair.Id] = pair;
        return pair;
    }
}
