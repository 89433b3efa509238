using System.Formats.Tar;
using System.Text;
using Fe2Ps.Core.Files;
using Fe2Ps.Core.Ssh;

namespace Fe2Ps.Core.Tests.Files;

/// <summary>A machine that answers with other names than it was asked for writes nothing on this computer.</summary>
public sealed class HostileMachineTests
{
    [Theory]
    [InlineData("data", "f ./.bashrc")]
    [InlineData("data", "d ./data/more")]
    [InlineData("logs/*.txt", "f ./logs/run.sh")]
    [InlineData("logs/*.txt", "f ./logs/more/a.txt")]
    [InlineData("logs/*", "f ./logs/.hidden")]
    [InlineData("*", "f ./../up")]
    [InlineData("a?c", "f ./abbbc")]
    [InlineData("/var/log/*", "f ./var/log/x")]
    public async Task ANameThatWasNotAskedForIsRefused(string asked, string answer)
    {
        var session = new Answering(answer + "\0");
        var error = await Assert.ThrowsAsync<Fe2Exception>(() => RemoteItems.FindAsync(session, asked, false, default));
        Assert.Equal("NameNotAsked", error.Id);
        Assert.Equal(Fe2ErrorKind.Security, error.Kind);
    }

    [Theory]
    [InlineData("data", "d ./data", "data")]
    [InlineData("data/", "d ./data", "data")]
    [InlineData("./data", "d ././data", "data")]
    [InlineData("-x y", "f ./-x y", "-x y")]
    [InlineData("/etc/os-release", "lf /etc/os-release", "os-release")]
    [InlineData("logs/*.txt", "f ./logs/한국어 파일.txt", "한국어 파일.txt")]
    [InlineData("logs//*.txt", "f ./logs/a.txt", "a.txt")]
    [InlineData("?", "f ./😀", "😀")]
    [InlineData("???", "f ./한", "한")]
    [InlineData("[ab]*", "f ./big", "big")]
    [InlineData(".b*", "f ./.bashrc", ".bashrc")]
    [InlineData("a`*b", "f ./a*b", "a*b")]
    [InlineData("/*", "d /etc", "etc")]
    public async Task WhatWasAskedForIsTaken(string asked, string answer, string name) =>
        Assert.Equal(name, Assert.Single(await RemoteItems.FindAsync(new Answering(answer + "\0"), asked, false, default)).Name);

    [Fact]
    public async Task AnArchiveBringsNothingThatWasNotAskedFor()
    {
        var archive = new MemoryStream();
        await using (var tar = new TarWriter(archive, TarEntryFormat.Pax, leaveOpen: true))
        {
            foreach (var name in new[] { "./wanted.txt", "./.bashrc", "./data/.ssh/authorized_keys" })
                await tar.WriteEntryAsync(new PaxTarEntry(TarEntryType.RegularFile, name) { DataStream = new MemoryStream("x"u8.ToArray()) });
        }

        archive.Position = 0;
        var folder = Directory.CreateTempSubdirectory("fe2-archive-");
        try
        {
            await TarFiles.ReadAsync(archive, folder.FullName, null, default, asked: new HashSet<string> { "./wanted.txt", "./data" });
            Assert.Equal(["wanted.txt"], Directory.EnumerateFileSystemEntries(folder.FullName).Select(Path.GetFileName));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private sealed class Answering(string output) : ISshSession
    {
        public SshTarget Target { get; } = new("i-1", "od1", "192.0.2.1", "ubuntu", null, null);

        public Task<SshResult> RunAsync(string command, Stream? input = null, CancellationToken cancellationToken = default) =>
            Task.FromResult(new SshResult(0, Encoding.UTF8.GetBytes(output), []));

        public Task<int> StreamAsync(string command, Action<SshOutput> output, Stream? input = null, CancellationToken cancellationToken = default) => throw new NotSupportedException();

        public Task SendAsync(IReadOnlyList<string> localPaths, string remoteFolder, IProgress<Fe2Report>? report = null, CancellationToken cancellationToken = default) => throw new NotSupportedException();

        public Task ReceiveAsync(string remoteFolder, string localFolder, IProgress<Fe2Report>? report = null, CancellationToken cancellationToken = default) => throw new NotSupportedException();

        public Task<IAsyncDisposable> OpenTunnelsAsync(IReadOnlyList<Tunnel> tunnels, CancellationToken cancellationToken = default) => throw new NotSupportedException();

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
