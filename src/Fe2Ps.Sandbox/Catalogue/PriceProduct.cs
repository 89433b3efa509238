using System.Globalization;
using System.Text.Json;

namespace Fe2Ps.Sandbox.Catalogue;

/// <summary>One product of the price list.</summary>
/// <param name="Service">The service code.</param>
/// <param name="Family">The product family; products of VPC have none.</param>
/// <param name="Price">Dollars for one unit, on demand.</param>
/// <param name="IsReservable">Whether it has reserved terms too.</param>
internal sealed record PriceProduct(
    string Service, string Sku, string? Family, string Unit, double Price, string Description, bool IsReservable, Dictionary<string, string> Attributes)
{
    // The codes of terms and rates are the same in all of AWS's price lists.
    private const string OnDemand = "JRTCKXETXF";
    private const string Hourly = "6YS6EN2CT7";
    private const string Once = "2TG2D8R56U";

    private static readonly (string Code, string Length, string Purchase, double Hour, double Upfront)[] s_reserved =
    [
        ("4NA7Y494T4", "1yr", "No Upfront", 0.63, 0),
        ("HU7G6KETJZ", "1yr", "Partial Upfront", 0.30, 0.30),
        ("6QCMYABX3D", "1yr", "All Upfront", 0, 0.59),
        ("BPH4J8HBKS", "3yr", "No Upfront", 0.43, 0),
        ("38NPMPTW36", "3yr", "Partial Upfront", 0.20, 0.20),
        ("NQ3QZPMQV9", "3yr", "All Upfront", 0, 0.37),
    ];

    /// <summary>What a filter of this name looks at, or null.</summary>
    public string? Field(string name) => name switch
    {
        "ServiceCode" or "serviceCode" => Service,
        "productFamily" => Family,
        "sku" => Sku,
        _ => Attributes.GetValueOrDefault(name),
    };

    /// <summary>The product as GetProducts gives it: a text that is JSON.</summary>
    public string Document()
    {
        var terms = new Dictionary<string, object> { ["OnDemand"] = Offer(OnDemand, new { }, [Rate(OnDemand, Hourly, Unit, Price, Description)]) };
        if (IsReservable)
            terms["Reserved"] = s_reserved.SelectMany(term => Reserved(term.Code, term.Length, term.Purchase, term.Hour, term.Upfront)).ToDictionary();
        var product = new Dictionary<string, object> { ["attributes"] = Attributes, ["sku"] = Sku };
        if (Family is not null)
            product["productFamily"] = Family;
        return JsonSerializer.Serialize(new
        {
            product,
            serviceCode = Service,
            terms,
            version = "20260101000000",
            publicationDate = "2026-01-01T00:00:00Z",
        });
    }

    private Dictionary<string, object> Reserved(string code, string length, string purchase, double hour, double upfront)
    {
        var hours = length == "1yr" ? 8760 : 26280;
        List<KeyValuePair<string, object>> rates = [Rate(code, Hourly, "Hrs", Price * hour, $"Linux/UNIX (Amazon VPC), {Attributes["instanceType"]} reserved instance applied")];
        if (upfront > 0)
            rates.Add(Rate(code, Once, "Quantity", Price * upfront * hours, "Upfront Fee"));
        return Offer(code, new { LeaseContractLength = length, OfferingClass = "standard", PurchaseOption = purchase }, rates);
    }

    private Dictionary<string, object> Offer(string code, object attributes, List<KeyValuePair<string, object>> rates) => new()
    {
        [$"{Sku}.{code}"] = new
        {
            priceDimensions = rates.ToDictionary(),
            sku = Sku,
            effectiveDate = "2026-01-01T00:00:00Z",
            offerTermCode = code,
            termAttributes = attributes,
        },
    };

    private KeyValuePair<string, object> Rate(string term, string rate, string unit, double price, string description)
        => new($"{Sku}.{term}.{rate}", new
        {
            unit,
            endRange = "Inf",
            description,
            appliesTo = Array.Empty<string>(),
            rateCode = $"{Sku}.{term}.{rate}",
            beginRange = "0",
            pricePerUnit = new { USD = price.ToString("0.0000000000", CultureInfo.InvariantCulture) },
        });
}
