using System.Buffers.Binary;
using System.IO.Compression;

namespace Fe2Ps.Core.Tests.Charts;

/// <summary>The pixels of a PNG as browsers write them: 8 bits a channel, not interlaced (PNG specification, 9 Filtering).</summary>
internal sealed class Picture
{
    private readonly byte[] pixels;
    private readonly int channels;

    public Picture(byte[] png)
    {
        (Width, Height) = (BinaryPrimitives.ReadInt32BigEndian(png.AsSpan(16)), BinaryPrimitives.ReadInt32BigEndian(png.AsSpan(20)));
        channels = png[25] switch { 2 => 3, 6 => 4, var type => throw new NotSupportedException($"colour type {type}") };
        using var packed = new MemoryStream();
        for (int at = 8; at < png.Length;)
        {
            int length = BinaryPrimitives.ReadInt32BigEndian(png.AsSpan(at));
            if (png.AsSpan(at + 4, 4).SequenceEqual("IDAT"u8))
                packed.Write(png, at + 8, length);
            at += 12 + length;
        }

        packed.Position = 0;
        using var data = new ZLibStream(packed, CompressionMode.Decompress);
        int stride = Width * channels;
        pixels = new byte[stride * Height];
        var filtered = new byte[stride + 1];
        for (int y = 0; y < Height; y++)
        {
            data.ReadExactly(filtered);
            for (int x = 0; x < stride; x++)
            {
                int left = x >= channels ? pixels[(y * stride) + x - channels] : 0;
                int up = y > 0 ? pixels[((y - 1) * stride) + x] : 0;
                int corner = x >= channels && y > 0 ? pixels[((y - 1) * stride) + x - channels] : 0;
                int guess = filtered[0] switch { 0 => 0, 1 => left, 2 => up, 3 => (left + up) / 2, _ => Paeth(left, up, corner) };
                pixels[(y * stride) + x] = (byte)(filtered[x + 1] + guess);
            }
        }
    }

    public int Width { get; }

    public int Height { get; }

    /// <summary>How many pixels have a colour, about.</summary>
    public int Count((int R, int G, int B) colour)
    {
        int count = 0;
        for (int at = 0; at < pixels.Length; at += channels)
        {
            if (Math.Abs(pixels[at] - colour.R) + Math.Abs(pixels[at + 1] - colour.G) + Math.Abs(pixels[at + 2] - colour.B) <= 12)
                count++;
        }

        return count;
    }

    private static int Paeth(int left, int up, int corner)
    {
        (int a, int b, int c) = (Math.Abs(up - corner), Math.Abs(left - corner), Math.Abs(left + up - (2 * corner)));
        return a <= b && a <= c ? left : b <= c ? up : corner;
    }
}
