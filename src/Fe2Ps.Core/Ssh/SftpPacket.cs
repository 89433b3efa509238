using System.Buffers.Binary;
using System.Text;

namespace Fe2Ps.Core.Ssh;

/// <summary>What this client says and hears, by the numbers of draft-ietf-secsh-filexfer-02, which every sftp server speaks.</summary>
internal enum SftpType : byte
{
    Init = 1,
    Version = 2,
    Open = 3,
    Close = 4,
    Read = 5,
    Write = 6,
    FStat = 8,
    FSetStat = 10,
    Status = 101,
    Handle = 102,
    Data = 103,
    Attributes = 105,
}

/// <summary>A request in the making. Names travel as they are, so no character in them needs care.</summary>
internal sealed class SftpPacket
{
    private readonly MemoryStream _bytes = new();

    public SftpPacket(SftpType type, uint id)
    {
        // Room for the length, which is known at the end.
        UInt32(0);
        _bytes.WriteByte((byte)type);
        UInt32(id);
    }

    public SftpPacket UInt32(uint value)
    {
        Span<byte> bytes = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(bytes, value);
        _bytes.Write(bytes);
        return this;
    }

    public SftpPacket UInt64(long value)
    {
        Span<byte> bytes = stackalloc byte[8];
        BinaryPrimitives.WriteInt64BigEndian(bytes, value);
        _bytes.Write(bytes);
        return this;
    }

    public SftpPacket Bytes(ReadOnlySpan<byte> value)
    {
        UInt32((uint)value.Length);
        _bytes.Write(value);
        return this;
    }

    public SftpPacket Text(string value) => Bytes(Encoding.UTF8.GetBytes(value));

    public ReadOnlyMemory<byte> Finish()
    {
        var length = (int)_bytes.Length;
        BinaryPrimitives.WriteInt32BigEndian(_bytes.GetBuffer(), length - 4);
        return _bytes.GetBuffer().AsMemory(0, length);
    }
}

/// <summary>An answer: its type, and what stands behind its number.</summary>
internal readonly record struct SftpAnswer(SftpType Type, ReadOnlyMemory<byte> Body)
{
    private const uint HasSize = 1;

    /// <summary>The number of a status: 0 is success, 1 the end of the file.</summary>
    public uint Status => Type == SftpType.Status ? Number(0) : uint.MaxValue;

    /// <summary>The words of a status, for people.</summary>
    public string Words => Type == SftpType.Status && Body.Length >= 8 ? Encoding.UTF8.GetString(String(4).Span) : $"an unexpected answer ({Type})";

    /// <summary>A handle, or the bytes of a file.</summary>
    public ReadOnlyMemory<byte> Value => String(0);

    /// <summary>The size among a file's attributes.</summary>
    /// <exception cref="IOException">There is none.</exception>
    public long Size => (Number(0) & HasSize) != 0 && Body.Length >= 12
        ? BinaryPrimitives.ReadInt64BigEndian(Body.Span[4..]) : throw new IOException("The sftp server tells no size.");

    private uint Number(int at) =>
        Body.Length >= at + 4 ? BinaryPrimitives.ReadUInt32BigEndian(Body.Span[at..]) : throw new IOException("The sftp server's answer is cut short.");

    private ReadOnlyMemory<byte> String(int at)
    {
        var length = Number(at);
        return length <= Body.Length - at - 4 ? Body.Slice(at + 4, (int)length) : throw new IOException("The sftp server's answer is cut short.");
    }
}
