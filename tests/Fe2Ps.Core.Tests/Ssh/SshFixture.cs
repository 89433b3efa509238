using System.Runtime.Versioning;
using Fe2Ps.Core.Ssh;

namespace Fe2Ps.Core.Tests.Ssh;

/// <summary>One sshd and one connector with a Fe2 folder of its own, for the tests of a class.</summary>
[SupportedOSPlatform("linux")]
public sealed class SshFixture : IAsyncLifetime
{
    private readonly string _folder = Directory.CreateTempSubdirectory("fe2-home-").FullName;

    internal SshdHost Host { get; private set; } = null!;

    internal SshConnector Connector { get; private set; } = null!;

    internal SshTarget Target => Host.Target;

    /// <summary>The Fe2 folder's own path has a space, a quote and Korean text.</summary>
    internal string Fe2 => Path.Combine(_folder, "fe2 'ho me' 100% 폴더");

    public async Task InitializeAsync()
    {
        if (!SshdFactAttribute.IsHere)
            return;
        Host = await SshdHost.StartAsync();
        Connector = new SshConnector(Options());
    }

    public async Task DisposeAsync()
    {
        if (SshdFactAttribute.IsHere)
        {
            await Connector.DisposeAsync();
            await Host.DisposeAsync();
        }

        Directory.Delete(_folder, recursive: true);
    }

    internal SshOptions Options() => new() { Folder = Fe2, ConfigFile = "/dev/null", SharedIdle = TimeSpan.FromSeconds(30) };

    internal string Folder(string name) => Directory.CreateDirectory(Path.Combine(_folder, name)).FullName;
}
