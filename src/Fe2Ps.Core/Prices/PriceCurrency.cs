using Fe2Ps.Core.Sessions;

namespace Fe2Ps.Core.Prices;

/// <summary>Prices are in USD everywhere but in China, whose regions have a price list and bills of their own in CNY.</summary>
internal static class PriceCurrency
{
    /// <exception cref="Fe2Exception"><c>CurrencyUnsupported</c>: numbers in another currency are never shown as USD.</exception>
    public static void Check(Fe2Session session)
    {
        if (session.Region.StartsWith("cn-", StringComparison.Ordinal))
        {
            throw new Fe2Exception(
                "CurrencyUnsupported", Fe2ErrorKind.InvalidArgument, $"Prices in {session.Region} are in CNY, and Fe2Ps knows prices in USD only.",
                "Look at https://www.amazonaws.cn/en/ec2/pricing, or give another -Region. Everything that is not about prices works there.", session.Region);
        }
    }
}
