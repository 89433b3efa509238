using System.Net;
using System.Net.Sockets;
using System.Threading.Channels;

namespace Fe2Ps.Bench;

/// <summary>A tcp port of this computer that leads to a machine over a line of some length: every byte takes the delay, each way.</summary>
internal sealed class DelayLine : IDisposable
{
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource end = new();
    private readonly IPEndPoint there;
    private readonly TimeSpan oneWay;

    public DelayLine(IPEndPoint there, TimeSpan oneWay)
    {
        this.there = there;
        this.oneWay = oneWay;
        listener.Start();
        _ = AcceptAsync();
    }

    public int Port => ((IPEndPoint)listener.LocalEndpoint).Port;

    public void Dispose()
    {
        end.Cancel();
        listener.Stop();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true) _ = CarryAsync(await listener.AcceptTcpClientAsync(end.Token).ConfigureAwait(false));
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // The line is taken down.
        }
    }

    private async Task CarryAsync(TcpClient here)
    {
        using var near = here;
        using var far = new TcpClient();
        try
        {
            // The handshake of tcp goes there and back before anything else.
            await Task.Delay(2 * oneWay, end.Token).ConfigureAwait(false);
            await far.ConnectAsync(there, end.Token).ConfigureAwait(false);
            near.NoDelay = far.NoDelay = true;
            await Task.WhenAny(OneWayAsync(near, far), OneWayAsync(far, near)).ConfigureAwait(false);
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or IOException)
        {
            // The connection is cut, as the other end will see.
        }
    }

    private async Task OneWayAsync(TcpClient from, TcpClient to)
    {
        var line = Channel.CreateUnbounded<(DateTime Due, byte[] Bytes)>();
        var reading = ReadAsync();
        await foreach (var (due, bytes) in line.Reader.ReadAllAsync(end.Token).ConfigureAwait(false))
        {
            var left = due - DateTime.UtcNow;
            if (left > TimeSpan.Zero) await Task.Delay(left, end.Token).ConfigureAwait(false);
            await to.GetStream().WriteAsync(bytes, end.Token).ConfigureAwait(false);
        }

        await reading.ConfigureAwait(false);

        async Task ReadAsync()
        {
            var buffer = new byte[64 * 1024];
            try
            {
                int count;
                while ((count = await from.GetStream().ReadAsync(buffer, end.Token).ConfigureAwait(false)) > 0)
                    await line.Writer.WriteAsync((DateTime.UtcNow + oneWay, buffer[..count]), end.Token).ConfigureAwait(false);
            }
            finally
            {
                line.Writer.TryComplete();
            }
        }
    }
}
