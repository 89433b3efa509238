using System.Diagnostics;
using Fe2Ps.Core.Keys;
using Fe2Ps.Core.Sessions;

namespace Fe2Ps.Core.Tests.Keys;

public sealed class KeyPairTests
{
    [Fact]
    public async Task TheUsersOwnKeyIsImportedAndFoundAgain()
    {
        await using TestCloud cloud = await TestCloud.StartAsync();
        Fe2Session session = await cloud.SessionAsync();
        string own = await MakeAsync(Path.Combine(cloud.Home, "me", ".ssh", "id_ed25519"));

        KeyChoice made = await new KeyPairs(session).EnsureAsync();
        KeyChoice again = await new KeyPairs(session).EnsureAsync();

        Assert.Equal(new KeyChoice("default", own), made);
        Assert.Equal(made, again);
        Assert.Single(await cloud.OperationsAsync(), c => c == "ImportKeyPair");
        Assert.Equal(own, await new KeyPairs(session).FindPrivateFileAsync("default"));
    }

    [Fact]
    public async Task WithoutAnyKeyOneIsMadeForTheUserAlone()
    {
        await using TestCloud cloud = await TestCloud.StartAsync();
        Fe2Session session = await cloud.SessionAsync();

        KeyChoice made = await new KeyPairs(session).EnsureAsync("my key/1");

        Assert.StartsWith(session.Folder.PathOf("keys"), made.PrivateFile, StringComparison.Ordinal);
        if (!OperatingSystem.IsWindows())
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(made.PrivateFile!));
        Assert.Equal(made, await new KeyPairs(session).EnsureAsync("my key/1"));
        Assert.False(Directory.Exists(Path.Combine(cloud.Home, "me", ".ssh")));
    }

    [Fact]
    public async Task TwoFirstLaunchesAtOnceShareOneKey()
    {
        await using TestCloud cloud = await TestCloud.StartAsync();
        Fe2Session session = await cloud.SessionAsync();

        KeyChoice[] made = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(() => new KeyPairs(session).EnsureAsync())));

        Assert.Single(made.Distinct());
        Assert.Equal(["default", "default.pub"], Directory.GetFiles(session.Folder.PathOf("keys")).Select(Path.GetFileName).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task AKeyWhoseMakingWasCutIsMadeWhole()
    {
        await using TestCloud cloud = await TestCloud.StartAsync();
        Fe2Session session = await cloud.SessionAsync();
        var keys = new LocalKeys(session);
        LocalKey made = await keys.CreateAsync("default", default);
        File.Delete(made.PrivateFile + ".pub");

        LocalKey again = await keys.CreateAsync("default", default);

        Assert.Equal(made.Public.Blob, again.Public.Blob);
        Assert.True(File.Exists(made.PrivateFile + ".pub"));
    }

    [Fact]
    public async Task AKeyPairOfAnotherComputerIsAClearErrorWithWaysOut()
    {
        await using TestCloud cloud = await TestCloud.StartAsync();
        await new KeyPairs(await cloud.SessionAsync("ann")).EnsureAsync();
        var here = new KeyPairs(await cloud.SessionAsync("bob"));

        Fe2Exception error = await Assert.ThrowsAsync<Fe2Exception>(() => here.EnsureAsync());

        Assert.Equal(("PrivateKeyMissing", Fe2ErrorKind.Security), (error.Id, error.Kind));
        Assert.Contains("-KeyFile", error.NextStep, StringComparison.Ordinal);
        Assert.Contains("-KeyName", error.NextStep, StringComparison.Ordinal);
        Assert.NotNull((await here.EnsureAsync("bobs")).PrivateFile);
    }

    [Fact]
    public async Task AKeyFileThatDoesNotBelongIsRefused()
    {
        await using TestCloud cloud = await TestCloud.StartAsync();
        var keys = new KeyPairs(await cloud.SessionAsync());
        await keys.EnsureAsync();
        string other = await MakeAsync(Path.Combine(cloud.Home, "other"));

        Assert.Equal("KeyFileMismatch", (await Assert.ThrowsAsync<Fe2Exception>(() => keys.EnsureAsync("default", other))).Id);
        Assert.Equal(new KeyChoice("second", other), await keys.EnsureAsync("second", other));
    }

    [Fact]
    public async Task APrivateKeyWithoutItsPublicHalfBesideItWillDo()
    {
        await using TestCloud cloud = await TestCloud.StartAsync();
        var keys = new KeyPairs(await cloud.SessionAsync());
        string file = await MakeAsync(Path.Combine(cloud.Home, "bare"));
        File.Delete(file + ".pub");

        Assert.Equal(new KeyChoice("bare", file), await keys.EnsureAsync("bare", file));
        Assert.Equal("bare", Assert.Single(await keys.NamesAsync()));
    }

    private static async Task<string> MakeAsync(string file)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        using Process made = Process.Start("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", file]);
        await made.WaitForExitAsync();
        Assert.Equal(0, made.ExitCode);
        return file;
    }
}
