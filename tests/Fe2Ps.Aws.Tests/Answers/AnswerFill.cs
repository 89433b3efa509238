using System.Collections;
using System.Reflection;
using System.Text.Json.Nodes;
using System.Xml.Linq;
using Amazon.Runtime;

namespace Fe2Ps.Aws.Tests.Answers;

/// <summary>Writes an answer that holds every member of an operation's output, and checks that every one came back.</summary>
internal sealed class AnswerFill(ModelFile model)
{
    private const int Deepest = 7;
    private readonly List<(Func<object, object?> Read, string Where, object Expected)> _checks = [];
    private readonly XNamespace _xmlNamespace = "http://ec2.amazonaws.com/doc/2016-11-15/";
    private int _number;

    /// <summary>The members of a REST answer that are headers.</summary>
    public Dictionary<string, string> Headers { get; } = new(StringComparer.OrdinalIgnoreCase);

    public int Count => _checks.Count;

    /// <summary>The answer in the ec2 or query protocol.</summary>
    public string Xml(string operation)
    {
        var root = new XElement(_xmlNamespace + (operation + "Response"));
        var output = (string?)model.Operation(operation)["output"]?["shape"];
        var place = root;
        if (model.Protocol == "query")
        {
            place = new XElement(_xmlNamespace + ((string?)model.Operation(operation)["output"]?["resultWrapper"] ?? operation + "Result"));
            root.Add(place, new XElement(_xmlNamespace + "ResponseMetadata", new XElement(_xmlNamespace + "RequestId", "req-42")));
        }
        else
        {
            root.Add(new XElement(_xmlNamespace + "requestId", "req-42"));
        }

        if (output is not null) Members(place, model.Class(operation + "Response"), output, model.Wrapped(operation));
        return root.ToString();
    }

    /// <summary>The answer in the json protocol.</summary>
    public string Json(string operation)
    {
        var output = (string?)model.Operation(operation)["output"]?["shape"];
        if (output is null) return "{}";
        var members = JsonMembers(model.Class(operation + "Response"), output, static o => o, "", 0);
        return ((string?)model.Shape(output)["payload"] is { } payload ? members[payload]! : members).ToJsonString();
    }

    public void Check(AmazonWebServiceResponse response)
    {
        foreach (var (read, where, expected) in _checks)
        {
            var found = read(response);
            Assert.True(found is not null, $"{response.GetType().Name}{where} is missing");
            var text = ModelFile.Wire(found);
            Assert.True(text == ModelFile.Wire(expected), $"{response.GetType().Name}{where} is '{text}', not '{ModelFile.Wire(expected)}'");
            if (found is DateTime time) Assert.Equal(DateTimeKind.Utc, time.Kind);
        }
    }

    private void Members(XElement place, Type response, string output, string? wrapped)
    {
        if (wrapped is null)
        {
            Members(place, response, output, static o => o, "", 0);
            return;
        }

        var property = response.GetProperty(wrapped) ?? throw new InvalidOperationException($"{response.Name} has no {wrapped}");
        Members(place, property.PropertyType, output, o => property.GetValue(o), "." + wrapped, 0);
    }

    private void Members(XElement place, Type type, string shape, Func<object, object?> from, string where, int depth)
    {
        foreach (var (name, member) in model.Shape(shape)["members"]!.AsObject())
        {
            if (model.Property(type, shape, name) is not { } property) continue;
            var element = (string?)member!["locationName"] ?? name;
            foreach (var made in Value(element, property.PropertyType, (string)member["shape"]!, Step(from, property), where + "." + property.Name, depth + 1))
                place.Add(made);
        }
    }

    private IEnumerable<XElement> Value(string name, Type type, string shapeName, Func<object, object?> read, string where, int depth)
    {
        if (depth > Deepest) return [];
        var shape = model.Shape(shapeName);
        var element = new XElement(_xmlNamespace + name);
        if (model.Substitution(shapeName) is { } substitution)
        {
            var text = Simple(type, read, where);
            if (substitution["member"] is { } inner) element.Add(new XElement(_xmlNamespace + (string)model.Shape(shapeName)["members"]![(string)inner!]!["locationName"]!, text));
            else element.Value = text;
            return [element];
        }

        switch ((string)shape["type"]!)
        {
            case "structure":
                Members(element, type, shapeName, read, where, depth);
                return [element];
            case "list":
                var flat = model.Protocol == "query" && (bool?)shape["flattened"] == true;
                var itemName = flat ? (string?)shape["member"]!["locationName"] ?? name : (string?)shape["member"]!["locationName"] ?? (model.Protocol == "ec2" ? "item" : "member");
                var items = Enumerable.Range(0, 2)
                    .SelectMany(i => Value(itemName, type.GetGenericArguments()[0], (string)shape["member"]!["shape"]!, Item(read, i), $"{where}[{i}]", depth + 1))
                    .ToList();
                if (flat) return items;
                element.Add(items);
                return [element];
            case "map":
                return Map(element, type, shape, read, where, depth);
            default:
                element.Value = Simple(type, read, where);
                return [element];
        }
    }

    private IEnumerable<XElement> Map(XElement element, Type type, JsonObject shape, Func<object, object?> read, string where, int depth)
    {
        var entries = new List<XElement>();
        foreach (var key in new[] { "one", "two" })
        {
            var entry = new XElement((bool?)shape["flattened"] == true ? element.Name : _xmlNamespace + "entry");
            entry.Add(new XElement(_xmlNamespace + ((string?)shape["key"]!["locationName"] ?? "key"), key));
            var value = (string?)shape["value"]!["locationName"] ?? "value";
            entry.Add(Value(value, type.GetGenericArguments()[1], (string)shape["value"]!["shape"]!, Entry(read, key), $"{where}[{key}]", depth + 1));
            entries.Add(entry);
        }

        if ((bool?)shape["flattened"] == true) return entries;
        element.Add(entries);
        return [element];
    }

    private JsonObject JsonMembers(Type type, string shape, Func<object, object?> from, string where, int depth)
    {
        var made = new JsonObject();
        foreach (var (name, member) in model.Shape(shape)["members"]!.AsObject())
        {
            if (depth >= Deepest || model.Property(type, shape, name) is not { } property) continue;
            if ((string?)member!["location"] is { } location)
            {
                Head(location, (string?)member["locationName"] ?? name, property, from, where);
                continue;
            }

            made[(string?)member["locationName"] ?? name] =
                JsonValueOf(property.PropertyType, (string)member["shape"]!, Step(from, property), where + "." + property.Name, depth + 1);
        }

        return made;
    }

    private JsonNode? JsonValueOf(Type type, string shapeName, Func<object, object?> read, string where, int depth)
    {
        var shape = model.Shape(shapeName);
        switch ((string)shape["type"]!)
        {
            case "structure":
                return JsonMembers(type, shapeName, read, where, depth);
            case "list":
                var element = (string)shape["member"]!["shape"]!;
                return new JsonArray([.. Enumerable.Range(0, 2).Select(i => JsonValueOf(type.GetGenericArguments()[0], element, Item(read, i), $"{where}[{i}]", depth + 1))]);
            case "map":
                var value = (string)shape["value"]!["shape"]!;
                return new JsonObject(new[] { "one", "two" }.Select(k =>
                    KeyValuePair.Create(k, JsonValueOf(type.GetGenericArguments()[1], value, Entry(read, k), $"{where}[{k}]", depth + 1))));
            default:
                var simple = ModelFile.Simple(type, ++_number);
                _checks.Add((read, where, simple));
                return simple switch
                {
                    bool b => JsonValue.Create(b),
                    DateTime d => JsonValue.Create((d - DateTime.UnixEpoch).TotalSeconds),
                    int or long or double or float => JsonNode.Parse(ModelFile.Wire(simple)),
                    _ => JsonValue.Create(ModelFile.Wire(simple)),
                };
        }
    }

    private void Head(string location, string name, PropertyInfo property, Func<object, object?> from, string where)
    {
        if (location == "statusCode") _checks.Add((Step(from, property), where + "." + property.Name, 200));
        else Headers[name] = Simple(property.PropertyType, Step(from, property), where + "." + property.Name);
    }

    private string Simple(Type type, Func<object, object?> read, string where)
    {
        var simple = ModelFile.Simple(type, ++_number);
        _checks.Add((read, where, simple));
        return ModelFile.Wire(simple);
    }

    private static Func<object, object?> Step(Func<object, object?> from, PropertyInfo property) => o => from(o) is { } owner ? property.GetValue(owner) : null;

    private static Func<object, object?> Item(Func<object, object?> from, int index) => o => from(o) is IList list && list.Count > index ? list[index] : null;

    private static Func<object, object?> Entry(Func<object, object?> from, string key) => o => from(o) is IDictionary map ? map[key] : null;
}
