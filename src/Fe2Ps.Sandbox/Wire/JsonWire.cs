using System.Buffers;
using System.Collections;
using System.Globalization;
using System.Text.Json;

namespace Fe2Ps.Sandbox.Wire;

/// <summary>The json protocol: requests and answers as JSON, by the model.</summary>
internal static class JsonWire
{
    /// <summary>Reads a request. What the model does not know is passed over, as these services do.</summary>
    /// <param name="outside">The value of a REST request's member that is not in the body.</param>
    public static Fields Read(Operation operation, ReadOnlyMemory<byte> body, Func<Member, object?>? outside = null)
    {
        if (operation.Input is null)
            return [];
        try
        {
            using var document = JsonDocument.Parse(body.IsEmpty ? "{}"u8.ToArray() : body);
            return document.RootElement.ValueKind == JsonValueKind.Object
                ? Structure(operation.Input, document.RootElement, "", outside)
                : throw new ApiException("SerializationException", "Start of structure or map found where not expected.");
        }
        catch (JsonException)
        {
            throw new ApiException("SerializationException", "The request is not JSON.");
        }
    }

    public static void Write(IBufferWriter<byte> output, Operation operation, Fields? fields)
    {
        using var writer = new Utf8JsonWriter(output);
        if (operation.Output is null || fields is null)
        {
            writer.WriteStartObject();
            writer.WriteEndObject();
        }
        else
        {
            Value(writer, operation.Output, fields);
        }
    }

    public static void WriteError(IBufferWriter<byte> output, ApiException error)
    {
        using var writer = new Utf8JsonWriter(output);
        writer.WriteStartObject();
        writer.WriteString("__type", error.Code);
        writer.WriteString("message", error.Message);
        writer.WriteEndObject();
    }

    private static Fields Structure(Shape shape, JsonElement element, string path, Func<Member, object?>? outside = null)
    {
        var fields = new Fields();
        foreach (var (name, member) in shape.Members)
        {
            if (member.Location is not null && outside is not null)
                fields[name] = outside(member);
            else if (element.TryGetProperty(member.LocationName, out var value) && value.ValueKind != JsonValueKind.Null)
                fields[name] = Read(member.Shape, value, path + name);
        }

        foreach (var name in shape.Required)
        {
            if (!fields.Has(name))
                throw Invalid($"Value null at '{Lower(path + name)}' failed to satisfy constraint: Member must not be null");
        }

        return fields;
    }

    private static object Read(Shape shape, JsonElement value, string path)
    {
        switch (shape.Type, value.ValueKind)
        {
            case (ShapeType.Structure, JsonValueKind.Object):
                return Structure(shape, value, path + ".");
            case (ShapeType.List, JsonValueKind.Array):
                return value.EnumerateArray().Select((item, index) => Read(shape.Element!.Shape, item, $"{path}.{index + 1}.member")).ToList();
            case (ShapeType.Map, JsonValueKind.Object):
                var map = new Fields();
                foreach (var entry in value.EnumerateObject())
                    map[entry.Name] = Read(shape.Element!.Shape, entry.Value, $"{path}.{entry.Name}");
                return map;
            case (ShapeType.String, JsonValueKind.String):
                var text = value.GetString()!;
                if (shape.Values is not null && !shape.Values.Contains(text))
                    throw Invalid($"Value '{text}' at '{Lower(path)}' failed to satisfy constraint: Member must satisfy enum value set: [{string.Join(", ", shape.Values)}]");
                if (text.Length < shape.Min)
                    throw Invalid($"Value '{text}' at '{Lower(path)}' failed to satisfy constraint: Member must have length greater than or equal to {shape.Min}");
                if (text.Length > shape.Max)
                    throw Invalid($"Value '{text}' at '{Lower(path)}' failed to satisfy constraint: Member must have length less than or equal to {shape.Max}");
                return text;
            case (ShapeType.Boolean, JsonValueKind.True or JsonValueKind.False):
                return value.GetBoolean();
            case (ShapeType.Integer or ShapeType.Long, JsonValueKind.Number) when value.TryGetInt64(out var number):
                if (number < shape.Min)
                    throw Invalid($"Value '{number}' at '{Lower(path)}' failed to satisfy constraint: Member must have value greater than or equal to {shape.Min}");
                if (number > shape.Max)
                    throw Invalid($"Value '{number}' at '{Lower(path)}' failed to satisfy constraint: Member must have value less than or equal to {shape.Max}");
                return number;
            case (ShapeType.Timestamp, JsonValueKind.Number):
                return DateTimeOffset.UnixEpoch.AddSeconds(value.GetDouble());
            case (ShapeType.Double, JsonValueKind.Number):
                return value.GetDouble();
            default:
                throw new ApiException("SerializationException", $"'{Lower(path)}' cannot be a {value.ValueKind}.");
        }
    }

    private static ApiException Invalid(string what) => new("ValidationException", "1 validation error detected: " + what);

    private static string Lower(string path) => path.Length == 0 ? path : char.ToLowerInvariant(path[0]) + path[1..];

    private static void Value(Utf8JsonWriter writer, Shape shape, object value)
    {
        switch (value)
        {
            case Fields entries when shape.Type == ShapeType.Map:
                writer.WriteStartObject();
                foreach (var (key, item) in entries)
                {
                    writer.WritePropertyName(key);
                    Value(writer, shape.Element!.Shape, item);
                }

                writer.WriteEndObject();
                break;
            case Fields fields:
                writer.WriteStartObject();
                foreach (var (name, item) in fields)
                {
                    if (!shape.Members.TryGetValue(name, out var member))
                        throw new InvalidOperationException($"The model's {shape.Name} has no member '{name}'.");
                    writer.WritePropertyName(member.LocationName);
                    Value(writer, member.Shape, item);
                }

                writer.WriteEndObject();
                break;
            case string text:
                writer.WriteStringValue(text);
                break;
            case bool flag:
                writer.WriteBooleanValue(flag);
                break;
            case long number:
                writer.WriteNumberValue(number);
                break;
            case DateTimeOffset time:
                if (shape.IsIso)
                    writer.WriteStringValue(Timestamps.Iso(time));
                else
                    writer.WriteNumberValue(Math.Round((time - DateTimeOffset.UnixEpoch).TotalSeconds, 3));
                break;
            case byte[] bytes:
                writer.WriteBase64StringValue(bytes);
                break;
            case IEnumerable list:
                writer.WriteStartArray();
                foreach (var item in list)
                    Value(writer, shape.Element!.Shape, item);
                writer.WriteEndArray();
                break;
            default:
                writer.WriteRawValue(Convert.ToString(value, CultureInfo.InvariantCulture)!);
                break;
        }
    }
}
