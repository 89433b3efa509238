using System.Runtime.InteropServices;
using Fe2Ps.Core.Ssh;
using Fe2Ps.Core.Tests.Scripts;

namespace Fe2Ps.Core.Tests.Build;

/// <summary>
/// What build.sh installs of the system's own packages, on a host of the sandbox: a developer's machine with a user who is not root,
/// the real sudo and the real apt, and nothing of the machine that runs this test at stake.
/// </summary>
public sealed class SystemPackagesTests(HostedJobFixture cloud) : IClassFixture<HostedJobFixture>
{
    private const string Tool = "Fe2Ps.Build.dll";

    // The host has no .NET SDK: whatever the task wants to build after its packages fails, and that is not what is asked here.
    private const string Task = "DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=1 DOTNET_EnableDiagnostics=0 ~/dotnet/dotnet ~/checkout/tools/" + Tool + " sandbox --help";

    [PackagedFact(DebianPackages.ForBuild)]
    public async Task TheyAreInstalledThroughSudoAndWithoutSudoTheListIsPrinted()
    {
        await using var machine = await BareMachine.LaunchAsync(cloud, "developer", bare: false);
        await machine.OfferAsync(DebianPackages.OfBuild);
        await machine.RootAsync("""
            echo 'Defaults logfile=/var/log/sudo.log, loglinelen=0' > /etc/sudoers.d/log
            mkdir -p /opt/without
            ln -s /usr/bin/* /usr/sbin/* /opt/without/ 2>/dev/null || true
            rm -f /opt/without/sudo
            """);
        await machine.SendAsync(Dotnet(), "dotnet");
        await machine.SendAsync([.. Directory.GetFiles(Path.GetDirectoryName(Program())!)], "checkout/tools");
        await machine.TryAsync("touch ~/checkout/Fe2Ps.sln");
        Assert.Equal("ubuntu\n", (await machine.TryAsync("id -un")).OutputText);

        var refused = await machine.TryAsync($"PATH=/opt/without; {Task}");
        Assert.Equal(1, refused.ExitCode);
        Assert.Equal(
            "build: these Debian packages are missing and neither root nor sudo is at hand: apt-get install runc mmdebstrap nftables\n", refused.ErrorText);
        Assert.Equal("", await InstalledAsync());

        var done = await machine.TryAsync(Task);
        Assert.Contains("Installing with apt-get: runc mmdebstrap nftables\n", done.OutputText);
        Assert.Equal("mmdebstrap nftables runc", await InstalledAsync());
        var calls = (await CallsAsync()).Trim().Split('\n');
        Assert.Equal(2, calls.Length);
        Assert.EndsWith(" apt-get update -qq", calls[0]);
        Assert.EndsWith(" apt-get install -y -qq --no-install-recommends --no-remove runc mmdebstrap nftables", calls[1]);

        // Nothing is fetched twice: now that all is there, nobody asks for root.
        await machine.RootAsync(": > /var/log/sudo.log");
        var again = await machine.TryAsync(Task);
        Assert.DoesNotContain("apt-get", again.OutputText + again.ErrorText);
        Assert.Equal("", await CallsAsync());

        // sudo's own words, without the test's own calls.
        Task<string> CallsAsync() => machine.RootAsync("awk '/ubuntu .*USER=root .*apt-get/ && !/ -euc /' /var/log/sudo.log");

        async Task<string> InstalledAsync() => (await machine.TryAsync(
            "dpkg-query -W -f='${Package} ${db:Status-Status}\\n' runc mmdebstrap nftables 2>/dev/null | awk '$2 == \"installed\" { print $1 }' | sort | paste -sd ' '")).OutputText.Trim();
    }

    /// <summary>The tool as this build made it, or as build.sh did.</summary>
    private static string Program()
    {
        var root = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(root.FullName, "Fe2Ps.sln")))
            root = root.Parent!;
        return new[] { "Debug", "Release" }.Select(c => Path.Combine(root.FullName, "tools/Fe2Ps.Build/bin", c, "net10.0", Tool))
            .Where(File.Exists).MaxBy(File.GetLastWriteTimeUtc) ?? throw new FileNotFoundException("tools/Fe2Ps.Build is not built.");
    }

    /// <summary>The .NET that runs this test, as far as a program needs it.</summary>
    private static string[] Dotnet()
    {
        var runtime = RuntimeEnvironment.GetRuntimeDirectory().TrimEnd('/');
        return [.. new[] { "dotnet", "host", "shared" }.Select(part => Path.Combine(runtime, "../../..", part)).Select(Path.GetFullPath)];
    }
}
