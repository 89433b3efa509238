using System.Globalization;
using System.Text.Json;

namespace Fe2Ps.Core.Prices;

/// <summary>
/// One product of a price list: its attributes and its on-demand price.
/// Layout: https://docs.aws.amazon.com/awsaccountbilling/latest/aboutv2/reading-an-offer.html
/// </summary>
/// <param name="Attributes">What it is.</param>
/// <param name="Usd">USD for one unit; of several steps the first.</param>
/// <param name="Unit">For example <c>Hrs</c>, <c>GB-Mo</c>.</param>
internal sealed record PriceProduct(IReadOnlyDictionary<string, string> Attributes, decimal Usd, string Unit)
{
    /// <summary>Dividing by it takes the zeros off that AWS fills up with: 0.0960000000 becomes 0.096.</summary>
    private const decimal Plain = 1.0000000000000000000000000000m;

    /// <summary>An attribute, or an empty text.</summary>
    public string this[string attribute] => Attributes.GetValueOrDefault(attribute, "");

    /// <summary>A whole number of an attribute, 0 where there is none.</summary>
    public int Number(string attribute) =>
        int.TryParse(this[attribute], NumberStyles.Integer | NumberStyles.AllowThousands, CultureInfo.InvariantCulture, out int number) ? number : 0;

    /// <summary>The number before a unit: 1952 of <c>1,952 GiB</c>; 0 where there is none.</summary>
    public double Amount(string attribute) =>
        double.TryParse(this[attribute].Split(' ')[0], NumberStyles.Number, CultureInfo.InvariantCulture, out double amount) ? amount : 0;

    /// <summary>The usage type without the region's prefix: <c>EBS:SnapshotUsage</c> of <c>USE2-EBS:SnapshotUsage</c>.</summary>
    public string Usage
    {
        get
        {
            string type = this["usagetype"];
            int colon = type.IndexOf(':', StringComparison.Ordinal);
            int dash = colon < 0 ? -1 : type.LastIndexOf('-', colon);
            return type[(dash + 1)..];
        }
    }

    /// <summary>Reads one; null for one that is in another layout, or without a price in USD.</summary>
    public static PriceProduct? Read(string text)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(text);
            var attributes = new Dictionary<string, string>(StringComparer.Ordinal);
            if (document.RootElement.TryGetProperty("product", out JsonElement product) && product.TryGetProperty("attributes", out JsonElement all))
            {
                foreach (JsonProperty attribute in all.EnumerateObject())
                    attributes[attribute.Name] = attribute.Value.GetString() ?? "";
            }

            foreach (JsonProperty offer in document.RootElement.GetProperty("terms").GetProperty("OnDemand").EnumerateObject())
            {
                foreach (JsonElement rate in Rates(offer.Value))
                {
                    if (rate.GetProperty("pricePerUnit").TryGetProperty("USD", out JsonElement usd)
                        && decimal.TryParse(usd.GetString(), NumberStyles.Number, CultureInfo.InvariantCulture, out decimal price))
                        return new PriceProduct(attributes, price / Plain, rate.TryGetProperty("unit", out JsonElement unit) ? unit.GetString() ?? "" : "");
                }
            }
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException)
        {
            // A product in another layout has no price that could be read.
        }

        return null;
    }

    private static IEnumerable<JsonElement> Rates(JsonElement offer) =>
        offer.GetProperty("priceDimensions").EnumerateObject().Select(rate => rate.Value)
            .OrderBy(rate => rate.TryGetProperty("beginRange", out JsonElement from) && from.GetString() is { } text
                && decimal.TryParse(text, NumberStyles.Number, CultureInfo.InvariantCulture, out decimal begin) ? begin : 0);
}
