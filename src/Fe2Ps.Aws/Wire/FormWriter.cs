using System.Globalization;
using Amazon.Runtime;

namespace Fe2Ps.Aws.Wire;

/// <summary>A request that can write itself as form fields.</summary>
internal interface IFormRequest
{
    /// <summary>Writes every member that is set.</summary>
    void WriteForm(FormWriter form);
}

/// <summary>The form fields of one request of the ec2 or query protocol. A value that is not set writes nothing.</summary>
internal sealed class FormWriter(IDictionary<string, string> fields)
{
    /// <summary>A fresh idempotency token.</summary>
    public static string NewToken() => Guid.NewGuid().ToString();

    /// <summary>The key of an element: counted from one.</summary>
    public static string Item(string list, int index) => string.Create(CultureInfo.InvariantCulture, $"{list}.{index + 1}");

    public void Put(string key, string? value)
    {
        if (value is not null) fields[key] = value;
    }

    public void Put(string key, ConstantClass? value) => Put(key, value?.Value);

    public void Put(string key, bool? value)
    {
        if (value is { } given) fields[key] = given ? "true" : "false";
    }

    public void Put(string key, int? value) => Put(key, value?.ToString(CultureInfo.InvariantCulture));

    public void Put(string key, long? value) => Put(key, value?.ToString(CultureInfo.InvariantCulture));

    public void Put(string key, double? value) => Put(key, value?.ToString("R", CultureInfo.InvariantCulture));

    public void Put(string key, float? value) => Put(key, value?.ToString("R", CultureInfo.InvariantCulture));

    /// <summary>ISO 8601 in UTC, with a fraction only where there is one.</summary>
    public void Put(string key, DateTime? value)
    {
        if (value is not { } given) return;
        var utc = given.ToUniversalTime();
        var format = utc.Ticks % TimeSpan.TicksPerSecond == 0 ? "yyyy-MM-dd'T'HH:mm:ss'Z'" : "yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'";
        fields[key] = utc.ToString(format, CultureInfo.InvariantCulture);
    }

    /// <summary>Base64.</summary>
    public void Put(string key, MemoryStream? value)
    {
        if (value is not null) fields[key] = Convert.ToBase64String(value.ToArray());
    }
}
