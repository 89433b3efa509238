using Fe2Ps.Core.Scripts;
using Fe2Ps.Core.Ssh;

namespace Fe2Ps.Core.Tests.Scripts;

/// <summary>A host of the sandbox as a fresh image may be: without the programs of a job, and with an archive of packages to get them from.</summary>
internal sealed class BareMachine : IAsyncDisposable
{
    /// <summary>An index of the archive's folder, as apt reads it.</summary>
    private const string Index = """
        cd /srv/debs
        for deb in *.deb; do
            # A colon in a version is written %3a in a file's name, and apt would read that as a colon.
            plain=$(printf %s "$deb" | tr % _)
            [ "$deb" = "$plain" ] || mv "$deb" "$plain"
            dpkg-deb -f "$plain"
            printf 'Filename: ./%s\nSize: %s\nSHA256: %s\n\n' "$plain" "$(stat -c %s "$plain")" "$(sha256sum < "$plain" | cut -d ' ' -f 1)"
        done > Packages
        rm -f /etc/apt/sources.list.d/*
        echo 'deb [trusted=yes] file:/srv/debs ./' > /etc/apt/sources.list
        """;

    private readonly ISshSession _session;

    private BareMachine(JobMachine machine, ISshSession session)
    {
        Machine = machine;
        _session = session;
    }

    public JobMachine Machine { get; }

    /// <summary>Launches a host, gives it the archive and, unless the programs are needed yet, takes them away.</summary>
    public static async Task<BareMachine> LaunchAsync(HostedJobFixture cloud, string name, bool bare = true)
    {
        var machine = await cloud.LaunchAsync(name);
        var bareMachine = new BareMachine(machine, await cloud.Connector.OpenAsync(machine.Ssh));
        await bareMachine.OfferAsync(DebianPackages.OfJobs);
        if (bare)
            await bareMachine.RootAsync("apt-get -qq -y purge --autoremove tmux lsyncd rsync");
        return bareMachine;
    }

    /// <summary>Puts packages into the archive.</summary>
    public async Task OfferAsync(DebianPackages.Set packages)
    {
        await _session.SendAsync(Directory.GetFiles(packages.Folder, "*.deb"), "debs");
        await RootAsync("mkdir -p /srv/debs; mv debs/* /srv/debs/; chmod 755 /srv /srv/debs\n" + Index);
    }

    /// <summary>Runs shell text as root; what fails fails the test.</summary>
    public async Task<string> RootAsync(string text)
    {
        var result = await TryAsync($"sudo -n DEBIAN_FRONTEND=noninteractive sh -euc {ShellQuote.Quote(text)}");
        Assert.True(result.ExitCode == 0, result.OutputText + result.ErrorText);
        return result.OutputText;
    }

    /// <summary>Copies files and folders of this computer into a folder of the user's home.</summary>
    public Task SendAsync(IReadOnlyList<string> paths, string folder) => _session.SendAsync(paths, folder);

    public Task<SshResult> TryAsync(string command) => _session.RunAsync(command);

    /// <summary>Which of the programs the machine has.</summary>
    public async Task<string> ProgramsAsync() => (await TryAsync("for p in tmux lsyncd rsync; do [ -x /usr/bin/$p ] && echo $p; done")).OutputText;

    public ValueTask DisposeAsync() => _session.DisposeAsync();
}
