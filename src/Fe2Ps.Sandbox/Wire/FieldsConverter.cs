using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Fe2Ps.Sandbox.Wire;

/// <summary>Keeps the members of a request in the state file. Text and truth are themselves; every other kind of value names itself.</summary>
internal sealed class FieldsConverter : JsonConverter<Fields>
{
    private const string Number = "$number";
    private const string Real = "$real";
    private const string Time = "$time";

    public override Fields Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        using var document = JsonDocument.ParseValue(ref reader);
        return (Fields)Value(document.RootElement);
    }

    public override void Write(Utf8JsonWriter writer, Fields value, JsonSerializerOptions options) => Put(writer, value);

    private static object Value(JsonElement element)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.String:
                return element.GetString()!;
            case JsonValueKind.True or JsonValueKind.False:
                return element.GetBoolean();
            case JsonValueKind.Array:
                return element.EnumerateArray().Select(Value).ToList();
            case JsonValueKind.Object:
                var members = element.EnumerateObject().ToList();
                if (members is [var only] && only.Name.StartsWith('$'))
                {
                    return only.Name switch
                    {
                        Number => only.Value.GetInt64(),
                        Real => only.Value.GetDouble(),
                        Time => DateTimeOffset.Parse(only.Value.GetString()!, CultureInfo.InvariantCulture),
                        _ => throw new JsonException($"'{only.Name}' is no kind of value."),
                    };
                }

                var fields = new Fields();
                members.ForEach(member => fields[member.Name] = Value(member.Value));
                return fields;
            default:
                throw new JsonException($"A request holds no {element.ValueKind}.");
        }
    }

    private static void Put(Utf8JsonWriter writer, object value)
    {
        switch (value)
        {
            case Fields fields:
                writer.WriteStartObject();
                foreach (var (name, member) in fields)
                {
                    writer.WritePropertyName(name);
                    Put(writer, member);
                }

                writer.WriteEndObject();
                break;
            case string text:
                writer.WriteStringValue(text);
                break;
            case bool truth:
                writer.WriteBooleanValue(truth);
                break;
            case long number:
                writer.WriteStartObject();
                writer.WriteNumber(Number, number);
                writer.WriteEndObject();
                break;
            case double real:
                writer.WriteStartObject();
                writer.WriteNumber(Real, real);
                writer.WriteEndObject();
                break;
            case DateTimeOffset time:
                writer.WriteStartObject();
                writer.WriteString(Time, time.ToString("O", CultureInfo.InvariantCulture));
                writer.WriteEndObject();
                break;
            case IEnumerable<object> list:
                writer.WriteStartArray();
                foreach (var item in list)
                    Put(writer, item);
                writer.WriteEndArray();
                break;
            default:
                throw new JsonException($"A request holds no {value.GetType().Name}.");
        }
    }
}
