using System.Collections;
using System.Text.Json.Nodes;
using Amazon.Runtime;

namespace Fe2Ps.Aws.Tests.Requests;

/// <summary>Sets every member of a request, and tells botocore's form of the same input.</summary>
internal sealed class RequestFill(ModelFile model)
{
    private const int Deepest = 6;
    private int _number;

    public (AmazonWebServiceRequest Request, JsonObject Input) Fill(string operation)
    {
        var type = model.Class(operation + "Request");
        var request = (AmazonWebServiceRequest)Activator.CreateInstance(type)!;
        var shape = (string?)model.Operation(operation)["input"]?["shape"];
        return (request, shape is null ? [] : Members(request, shape, 0));
    }

    private JsonObject Members(object target, string shape, int depth)
    {
        var input = new JsonObject();
        foreach (var (name, member) in model.Shape(shape)["members"]!.AsObject())
        {
            if (model.Property(target.GetType(), shape, name) is not { } property) continue;
            var (value, given) = Value(property.PropertyType, (string)member!["shape"]!, depth + 1);
            if (value is null) continue;
            property.SetValue(target, value);
            input[name] = given;
        }

        return input;
    }

    private (object? Value, JsonNode? Input) Value(Type type, string shapeName, int depth)
    {
        if (depth > Deepest) return (null, null);
        var shape = model.Shape(shapeName);
        if (model.Substitution(shapeName) is { } substitution)
        {
            // The SDK's string for a blob is the base64 text itself.
            var isBlob = shapeName.StartsWith("Blob", StringComparison.Ordinal);
            var plain = isBlob ? Convert.ToBase64String([(byte)++_number, 1, 2]) : ModelFile.Simple(type, ++_number);
            JsonNode given = JsonValue.Create(plain is bool b ? b : plain)!;
            return (plain, substitution["member"] is { } inner ? new JsonObject { [(string)inner!] = given } : given);
        }

        switch ((string)shape["type"]!)
        {
            case "structure":
                var part = Activator.CreateInstance(type)!;
                return (part, Members(part, shapeName, depth));
            case "list":
                var list = (IList)Activator.CreateInstance(type)!;
                var items = new JsonArray();
                for (var i = 0; i < 2; i++)
                {
                    var (value, input) = Value(type.GetGenericArguments()[0], (string)shape["member"]!["shape"]!, depth + 1);
                    if (value is null) return (null, null);
                    list.Add(value);
                    items.Add(input);
                }

                return (list, items);
            case "map":
                var map = (IDictionary)Activator.CreateInstance(type)!;
                var entries = new JsonObject();
                for (var i = 0; i < 2; i++)
                {
                    var (value, input) = Value(type.GetGenericArguments()[1], (string)shape["value"]!["shape"]!, depth + 1);
                    if (value is null) return (null, null);
                    map.Add("key" + i, value);
                    entries["key" + i] = input;
                }

                return (map, entries);
            default:
                var simple = ModelFile.Simple(type, ++_number);
                JsonNode told = simple switch
                {
                    bool b => JsonValue.Create(b),
                    int n => JsonValue.Create(n),
                    long n => JsonValue.Create(n),
                    double n => JsonValue.Create(n),
                    float n => JsonValue.Create(n),
                    _ => JsonValue.Create(ModelFile.Wire(simple)),
                };
                return (simple, told);
        }
    }
}
