using System.Globalization;
using System.Reflection;
using System.Text.Json.Nodes;
using Amazon.Runtime;

namespace Fe2Ps.Aws.Tests;

/// <summary>
/// A service model read by the tests' own eyes, apart from the generator: knows which C# property stands for which
/// member, and makes a distinct value for each.
/// </summary>
internal sealed class ModelFile
{
    private readonly JsonObject _names;
    private readonly string _namespace;
    private readonly Assembly _assembly;

    private ModelFile(string service, string ns, Assembly assembly)
    {
        Path = System.IO.Path.Combine(AppContext.BaseDirectory, "Models", service + ".json");
        Root = JsonNode.Parse(File.ReadAllText(Path))!.AsObject();
        var names = service.StartsWith("sample", StringComparison.Ordinal) ? "names.json" : "sdk-names.json";
        _names = JsonNode.Parse(File.ReadAllText(System.IO.Path.Combine(AppContext.BaseDirectory, "Models", names)))![service]!.AsObject();
        _namespace = ns;
        _assembly = assembly;
    }

    public static IReadOnlyList<ModelFile> All { get; } =
    [
        new("ec2", "Amazon.EC2", typeof(Amazon.EC2.AmazonEC2Client).Assembly),
        new("ssm", "Amazon.SimpleSystemsManagement", typeof(Amazon.EC2.AmazonEC2Client).Assembly),
        new("pricing", "Amazon.Pricing", typeof(Amazon.EC2.AmazonEC2Client).Assembly),
        new("autoscaling", "Amazon.AutoScaling", typeof(Amazon.EC2.AmazonEC2Client).Assembly),
        new("dlm", "Amazon.DLM", typeof(Amazon.EC2.AmazonEC2Client).Assembly),
        new("efs", "Amazon.ElasticFileSystem", typeof(Amazon.EC2.AmazonEC2Client).Assembly),
        new("elbv2", "Amazon.ElasticLoadBalancingV2", typeof(Amazon.EC2.AmazonEC2Client).Assembly),
        new("iam", "Amazon.IdentityManagement", typeof(Amazon.EC2.AmazonEC2Client).Assembly),
        new("sts", "Fe2Ps.Aws.Tests.Sts", typeof(ModelFile).Assembly),
        new("sampleform", "Fe2Ps.Aws.Tests.SampleForm", typeof(ModelFile).Assembly),
        new("samplerest", "Fe2Ps.Aws.Tests.SampleRest", typeof(ModelFile).Assembly),
        new("samplejson", "Fe2Ps.Aws.Tests.SampleJson", typeof(ModelFile).Assembly),
    ];

    public string Path { get; }

    public JsonObject Root { get; }

    public string Protocol => (string)Root["metadata"]!["protocol"]!;

    /// <summary>Whether bodies are JSON.</summary>
    public bool IsJson => Protocol is "json" or "rest-json";

    public string Version => (string)Root["metadata"]!["apiVersion"]!;

    public IEnumerable<string> Operations => Root["operations"]!.AsObject().Select(p => p.Key);

    public JsonObject Operation(string name) => Root["operations"]![name]!.AsObject();

    public JsonObject Shape(string name) => Root["shapes"]![name]!.AsObject();

    public Type Class(string name) => _assembly.GetType(_namespace + ".Model." + name, throwOnError: true)!;

    /// <summary>The response's property that holds the whole output, when the SDK wraps it.</summary>
    public string? Wrapped(string operation) => (string?)_names["wrap"]?[operation];

    public JsonObject? Substitution(string shape) => _names["substitute"]?[shape]?.AsObject();

    /// <summary>The property of a member; null when the SDK leaves the member out.</summary>
    public PropertyInfo? Property(Type owner, string shape, string member)
    {
        if (_names["exclude"] is JsonArray left && left.Any(n => (string)n! == shape + "." + member)) return null;
        var name = (string?)_names["rename"]?[shape + "." + member] ?? char.ToUpperInvariant(member[0]) + member[1..];
        return owner.GetProperty(name) ?? throw new InvalidOperationException($"{owner.Name} has no property {name}");
    }

    /// <summary>A simple value of a property's type, the same for the same number.</summary>
    public static object Simple(Type type, int number)
    {
        type = Nullable.GetUnderlyingType(type) ?? type;
        if (type == typeof(string)) return $"text {number} & <ü한>";
        if (type == typeof(int)) return number;
        if (type == typeof(long)) return 5_000_000_000L + number;
        if (type == typeof(double)) return number + 0.25;
        if (type == typeof(float)) return number + 0.5f;
        if (type == typeof(bool)) return number % 2 == 0;
        if (type == typeof(DateTime)) return new DateTime(2026, 1, 2, 3, 4, 5, DateTimeKind.Utc).AddSeconds(number);
        if (type == typeof(MemoryStream)) return new MemoryStream([(byte)number, 0, 255]);
        if (type.IsSubclassOf(typeof(ConstantClass))) return Activator.CreateInstance(type, "value-" + number.ToString(CultureInfo.InvariantCulture))!;
        throw new InvalidOperationException($"{type} is not simple");
    }

    /// <summary>The value's text on the wire.</summary>
    public static string Wire(object value) => value switch
    {
        bool b => b ? "true" : "false",
        DateTime d => d.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture),
        MemoryStream m => Convert.ToBase64String(m.ToArray()),
        ConstantClass c => c.Value,
        IFormattable f => f.ToString(null, CultureInfo.InvariantCulture),
        _ => (string)value,
    };
}
