using System.Globalization;
using System.Management.Automation;
using Fe2Ps.Core.Prices;
using Fe2Ps.Core.Sessions;

namespace Fe2Ps.Views;

/// <summary>What the views of spot prices show.</summary>
public static class SpotPriceView
{
    /// <summary>USD an hour with four decimals, as AWS's own price pages write them; empty where it is not known.</summary>
    public static string Usd(decimal? price) => price is { } usd ? string.Create(CultureInfo.InvariantCulture, $"${usd:0.0000}") : "";

    /// <summary>A saving in whole percent; empty where it is not known.</summary>
    public static string Percent(decimal? percent) => percent is { } share ? string.Create(CultureInfo.InvariantCulture, $"{share:0} %") : "";

    /// <summary>A day in UTC.</summary>
    public static string Day(DateTime day) => day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);

    /// <summary>The price with where it came from, where that is not what every cmdlet would take: the next one of the pipeline works there.</summary>
    internal static PSObject Dress(object price, Fe2Session session, SessionOptions where)
    {
        var dressed = new PSObject(price);
        if (where.ProfileName is not null) dressed.Properties.Add(new PSNoteProperty("ProfileName", where.ProfileName));
        if (session.EndpointUrl is not null) dressed.Properties.Add(new PSNoteProperty("EndpointUrl", session.EndpointUrl));
        return dressed;
    }
}
