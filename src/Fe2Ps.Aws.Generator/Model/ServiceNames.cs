namespace Fe2Ps.Aws.Generator.Model;

/// <summary>A shape that the SDK shows as a plain value instead of a class.</summary>
internal sealed class Substitution
{
    public Substitution(JsonObject facts)
    {
        Kind = facts.Text("as") == "Boolean" ? ShapeKind.Boolean : ShapeKind.String;
        Member = facts.Text("member");
    }

    public ShapeKind Kind { get; }

    /// <summary>The one member of the structure that holds the value; null when the shape is no structure.</summary>
    public string? Member { get; }
}

/// <summary>How the AWS SDK for .NET names a service's parts where the model alone does not say: one entry of names.json.</summary>
internal sealed class ServiceNames
{
    private readonly JsonObject _renames;
    private readonly HashSet<string> _excluded;
    private readonly HashSet<string> _noArguments;
    private readonly Dictionary<string, Substitution> _substitutions = new(StringComparer.Ordinal);

    public ServiceNames(JsonObject facts, string? rootNamespace)
    {
        Namespace = rootNamespace ?? facts.Text("namespace") ?? throw new FormatException("names.json names no namespace");
        Name = facts.Text("name") ?? throw new FormatException("names.json names no client");
        Reference = facts.Text("reference") ?? "https://docs.aws.amazon.com/";
        Wraps = facts.Object("wrap") ?? new JsonObject();
        Constructors = facts.Object("constructors") ?? new JsonObject();
        IsGlobal = facts.Flag("global");
        ThrottlingCodes = facts.Texts("throttling").ToList();
        _renames = facts.Object("rename") ?? new JsonObject();
        _excluded = new HashSet<string>(facts.Texts("exclude"), StringComparer.Ordinal);
        _noArguments = new HashSet<string>(facts.Texts("noArguments"), StringComparer.Ordinal);
        if (facts.Object("substitute") is { } substitutions)
            foreach (var shape in substitutions.Names)
                _substitutions.Add(shape, new Substitution(substitutions.Object(shape)!));
    }

    public string Namespace { get; }

    /// <summary>The middle of the client's name: EC2 in AmazonEC2Client.</summary>
    public string Name { get; }

    /// <summary>The address of the API reference, to which an operation's or a type's name is added.</summary>
    public string Reference { get; }

    /// <summary>Whether the service has one endpoint for a whole partition, as IAM has.</summary>
    public bool IsGlobal { get; }

    /// <summary>Operation to the member of its response that holds the whole output shape.</summary>
    public JsonObject Wraps { get; }

    /// <summary>Class to the properties that its convenience constructors take, in order.</summary>
    public JsonObject Constructors { get; }

    public List<string> ThrottlingCodes { get; }

    public bool IsExcluded(string shape, string member) => _excluded.Contains(shape + "." + member);

    public bool HasNoArgumentForm(string operation) => _noArguments.Contains(operation);

    public Substitution? SubstitutionOf(string shape) => _substitutions.TryGetValue(shape, out var found) ? found : null;

    public string Property(string shape, string member) => _renames.Text(shape + "." + member) ?? Upper(member);

    public static string Upper(string name) => name.Length == 0 || char.IsUpper(name[0]) ? name : char.ToUpperInvariant(name[0]) + name.Substring(1);

    /// <summary>The SDK's name for a value of an enum: each part upper-cased at its start, separators gone, underscores kept.</summary>
    public static string Constant(string value)
    {
        var built = new System.Text.StringBuilder();
        var start = true;
        foreach (var c in value)
        {
            if (char.IsLetterOrDigit(c) || c == '_')
            {
                built.Append(start ? char.ToUpperInvariant(c) : c);
                start = false;
            }
            else
            {
                start = true;
            }
        }

        if (built.Length == 0 || char.IsDigit(built[0])) built.Insert(0, '_');
        return built.ToString();
    }
}
