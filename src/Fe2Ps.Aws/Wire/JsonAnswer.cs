using System.Collections;
using System.Globalization;
using System.Text.Json;
using Amazon;

namespace Fe2Ps.Aws.Wire;

/// <summary>Reads one value at the reader's token.</summary>
internal delegate T JsonRead<T>(ref Utf8JsonReader json);

/// <summary>Reads the values of a JSON answer. Each read starts at a value's first token and ends at its last.</summary>
internal static class JsonAnswer
{
    /// <summary>Whether a list or map is to be sent: not when it only stands there because collections start empty.</summary>
    public static bool IsGiven(ICollection? collection) => collection is not null && (collection.Count > 0 || !AWSConfigs.InitializeCollections);

    /// <summary>False for null; else the reader stands at the object's start.</summary>
    public static bool Enter(ref Utf8JsonReader json) => json.TokenType switch
    {
        JsonTokenType.Null => false,
        JsonTokenType.StartObject => true,
        _ => throw new JsonException($"an object was expected, not {json.TokenType}"),
    };

    /// <summary>Moves to the next member's value and tells its name; false at the object's end.</summary>
    public static bool Next(ref Utf8JsonReader json, out string name)
    {
        json.Read();
        if (json.TokenType == JsonTokenType.EndObject)
        {
            name = "";
            return false;
        }

        name = json.GetString()!;
        json.Read();
        return true;
    }

    public static string? Text(ref Utf8JsonReader json) => json.TokenType switch
    {
        JsonTokenType.Null => null,
        JsonTokenType.String => json.GetString(),
        JsonTokenType.StartObject or JsonTokenType.StartArray => Raw(ref json),
        _ => System.Text.Encoding.UTF8.GetString(json.ValueSpan),
    };

    public static bool? Boolean(ref Utf8JsonReader json) => json.TokenType == JsonTokenType.Null ? null : json.GetBoolean();

    public static int? Integer(ref Utf8JsonReader json) => json.TokenType == JsonTokenType.Null ? null : json.GetInt32();

    public static long? Long(ref Utf8JsonReader json) => json.TokenType == JsonTokenType.Null ? null : json.GetInt64();

    public static double? Double(ref Utf8JsonReader json) => json.TokenType switch
    {
        JsonTokenType.Null => null,
        JsonTokenType.String => double.Parse(json.GetString()!, NumberStyles.Float, CultureInfo.InvariantCulture),
        _ => json.GetDouble(),
    };

    public static float? Float(ref Utf8JsonReader json) => (float?)Double(ref json);

    /// <summary>Seconds since 1970, or ISO 8601; as UTC.</summary>
    public static DateTime? Timestamp(ref Utf8JsonReader json) => json.TokenType switch
    {
        JsonTokenType.Null => null,
        JsonTokenType.Number => DateTime.UnixEpoch.AddTicks((long)Math.Round(json.GetDecimal() * TimeSpan.TicksPerSecond)),
        _ => DateTime.Parse(json.GetString()!, CultureInfo.InvariantCulture, DateTimeStyles.AdjustToUniversal | DateTimeStyles.AssumeUniversal),
    };

    public static MemoryStream? Blob(ref Utf8JsonReader json) => json.TokenType == JsonTokenType.Null ? null : new MemoryStream(json.GetBytesFromBase64());

    public static List<T>? List<T>(ref Utf8JsonReader json, List<T>? list, JsonRead<T> read)
    {
        if (json.TokenType == JsonTokenType.Null) return list;
        if (json.TokenType != JsonTokenType.StartArray) throw new JsonException($"an array was expected, not {json.TokenType}");
        list ??= [];
        while (json.Read() && json.TokenType != JsonTokenType.EndArray) list.Add(read(ref json));
        return list;
    }

    public static Dictionary<string, T>? Map<T>(ref Utf8JsonReader json, Dictionary<string, T>? map, JsonRead<T> read)
    {
        if (!Enter(ref json)) return map;
        map ??= [];
        while (Next(ref json, out var name)) map[name] = read(ref json);
        return map;
    }

    /// <summary>Writes a point in time: seconds since 1970, or ISO 8601 where the model asks for it.</summary>
    public static void Put(Utf8JsonWriter json, DateTime value, string format)
    {
        var utc = value.ToUniversalTime();
        if (format == "iso8601") json.WriteStringValue(utc.ToString("yyyy-MM-dd'T'HH:mm:ss.FFFFFF'Z'", CultureInfo.InvariantCulture));
        else json.WriteNumberValue((decimal)(utc - DateTime.UnixEpoch).Ticks / TimeSpan.TicksPerSecond);
    }

    private static string Raw(ref Utf8JsonReader json)
    {
        using var document = JsonDocument.ParseValue(ref json);
        return document.RootElement.GetRawText();
    }
}
