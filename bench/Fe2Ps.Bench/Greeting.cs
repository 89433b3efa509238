using System.Net.Sockets;

namespace Fe2Ps.Bench;

/// <summary>The first words of an ssh server (RFC 4253, 4.2).</summary>
internal static class Greeting
{
    /// <summary>On one machine a connection is made within a millisecond or not at all.</summary>
    private static readonly TimeSpan ConnectLimit = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan GreetingLimit = TimeSpan.FromSeconds(5);

    /// <summary>Whether an ssh server greets at port 22 of an address now.</summary>
    public static async Task<bool> ComesAsync(string address, CancellationToken cancel)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        using var client = new TcpClient();
        try
        {
            limit.CancelAfter(ConnectLimit);
            await client.ConnectAsync(address, 22, limit.Token).ConfigureAwait(false);
            limit.CancelAfter(GreetingLimit);
            var words = new byte[4];
            await client.GetStream().ReadExactlyAsync(words, limit.Token).ConfigureAwait(false);
            return words.AsSpan().SequenceEqual("SSH-"u8);
        }
        catch (Exception e) when (e is SocketException or IOException || (e is OperationCanceledException && !cancel.IsCancellationRequested))
        {
            return false;
        }
    }
}
