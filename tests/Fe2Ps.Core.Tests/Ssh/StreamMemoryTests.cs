using System.Runtime.Versioning;
using Fe2Ps.Core.Commands;
using Fe2Ps.Core.Ssh;

namespace Fe2Ps.Core.Tests.Ssh;

/// <summary>What passes through is not kept. Alone, because what is measured is the memory of the whole process.</summary>
[Collection("alone")]
[SupportedOSPlatform("linux")]
public sealed class StreamMemoryTests(SshFixture ssh) : IClassFixture<SshFixture>
{
    [SshdFact]
    public async Task AGigabytePassesThroughInLittleMemory()
    {
        await using ISshSession session = await ssh.Connector.OpenAsync(ssh.Target);
        const long size = 1_000_000_000;
        long count = 0;
        long start = GC.GetTotalMemory(forceFullCollection: true);
        long most = 0;
        RemoteCommand command = RemoteCommand.FromText($"head -c {size} /dev/zero", []);
        Assert.Equal(0, await session.StreamAsync(command.Text, piece =>
        {
            count += piece.Bytes.Length;
            most = Math.Max(most, GC.GetTotalMemory(forceFullCollection: false) - start);
        }));
        Assert.Equal(size, count);
        Assert.True(most < 64 << 20, $"{most >> 20} MiB");
    }
}
