using Fe2Ps.Core.Scripts;
using Fe2Ps.Core.Ssh;

namespace Fe2Ps.Core.Tests.Scripts;

/// <summary>
/// Machines of Red Hat's family: the real dnf, with packages made by the real rpmbuild from the real programs. apt-get is out of sight
/// there, so that the choice is made as it is on such a machine.
/// </summary>
public sealed class InstallByRpmTests(HostedJobFixture cloud) : IClassFixture<HostedJobFixture>
{
    private const string MakePackages = """
        mkdir -p /srv/rpm/repo
        for program in $*; do
            cat > /srv/rpm/$program.spec <<END
        %global debug_package %{nil}
        %global __os_install_post %{nil}
        %global _binaries_in_noarch_packages_terminate_build 0
        Name: $program
        Version: 1
        Release: 1
        Summary: $program
        License: as Debian's
        BuildArch: noarch
        AutoReqProv: no
        %description
        $program
        %install
        install -D /usr/bin/$program %{buildroot}/usr/bin/$program
        %files
        /usr/bin/$program
        END
            rpmbuild --quiet -bb --define '_topdir /srv/rpm' --define '_rpmdir /srv/rpm/repo' /srv/rpm/$program.spec
        done
        createrepo_c --quiet /srv/rpm/repo
        mkdir -p /etc/yum.repos.d
        printf '[local]\nname=local\nbaseurl=file:///srv/rpm/repo\ngpgcheck=0\n' > /etc/yum.repos.d/local.repo
        dpkg --purge tmux lsyncd rsync
        mv /usr/bin/apt-get /usr/bin/apt /srv/
        """;

    private const string Work = """
        for n in 1 2 3; do head -c 200000 /dev/urandom > "result $n"; done
        sha256sum result* > sums
        """;

    [PackagedFact(DebianPackages.ForRpm)]
    public async Task DnfInstallsWhatAJobNeeds()
    {
        await using var target = await MachineAsync("fedora2", "tmux lsyncd rsync");
        var said = new Reports();
        await RunAsync(target, said);
        Assert.Equal("tmux\nlsyncd\nrsync\n", await target.ProgramsAsync());
        Assert.Equal("lsyncd\nrsync\ntmux\n", await target.RootAsync("rpm -qa --qf '%{NAME}\\n' | sort"));
        Assert.Equal(
            "tmux, rsync, lsyncd had to be installed on fedora2. Freeze an image that has what your jobs need, and the next start is faster.",
            Assert.Single(said.Warnings));
    }

    // As on Amazon Linux: yum is dnf under another name, and nobody offers lsyncd.
    [PackagedFact(DebianPackages.ForRpm)]
    public async Task YumInstallsWhatThereIsAndPassesDoTheWorkOfLsyncd()
    {
        await using var target = await MachineAsync("amazon2", "tmux rsync");
        await target.RootAsync("mv /usr/bin/dnf /usr/bin/yum");
        var said = new Reports();
        await RunAsync(target, said);
        Assert.Equal("tmux\nrsync\n", await target.ProgramsAsync());
        Assert.Equal("rsync\ntmux\n", await target.RootAsync("rpm -qa --qf '%{NAME}\\n' | sort"));
        Assert.Contains(said.Warnings, w => w.StartsWith("tmux, rsync had to be installed on amazon2.", StringComparison.Ordinal));
        Assert.Contains(said.Warnings, w => w.StartsWith(
            "amazon2 has no lsyncd, and it could not be installed there (Unable to find a match: lsyncd); rsync in a loop", StringComparison.Ordinal));
    }

    private async Task<BareMachine> MachineAsync(string name, string offered)
    {
        var machine = await BareMachine.LaunchAsync(cloud, name, bare: false);
        await machine.OfferAsync(DebianPackages.OfRpm);
        await machine.RootAsync("apt-get -qq update; apt-get -qq -y --no-install-recommends install dnf createrepo-c rpm");
        await machine.RootAsync($"set -- {offered}\n" + MakePackages);
        Assert.Equal("", await machine.ProgramsAsync());
        return machine;
    }

    private async Task RunAsync(BareMachine target, Reports said)
    {
        var job = await cloud.Jobs.Runner.StartAsync(await cloud.RequestAsync(Work, target.Machine), said);
        job = await cloud.Jobs.Control.WaitAsync(job, TimeSpan.FromSeconds(60));
        Assert.Equal((JobState.Finished, 0), (job.State, job.ExitCode));
        Assert.Equal("", await cloud.OnMonitorAsync($"cd {ShellQuote.Home(job.Folder)} && sha256sum -c --quiet sums 2>&1"));
    }
}
