using Fe2Ps.Core.Defaults;
using Fe2Ps.Core.Sessions;

namespace Fe2Ps.Core.Tests.Defaults;

public sealed class DefaultsFileTests : IDisposable
{
    private readonly DirectoryInfo home = Directory.CreateTempSubdirectory("core-tests-");

    public void Dispose() => home.Delete(recursive: true);

    private DefaultsFile File => new(new Fe2Home(TestCloud.Here("me", home.FullName)));

    [Fact]
    public void WhatWasSetIsReadAgainAndTheRestIsKept()
    {
        Assert.Equal(new Fe2Defaults(), File.Read());
        Directory.CreateDirectory(Path.GetDirectoryName(File.Path)!);
        System.IO.File.WriteAllText(File.Path, """{"region":"us-east-2","newer":{"a":[1,2]}}""");

        File.Change(d => d with { InstanceType = "m5.large", DiskSize = 60 });
        File.Change(d => d with { Region = null });

        Fe2Defaults read = File.Read();
        Assert.Equal((null, "m5.large", 60), (read.Region, read.InstanceType, read.DiskSize));
        Assert.Contains("\"newer\"", System.IO.File.ReadAllText(File.Path), StringComparison.Ordinal);
    }

    [Fact]
    public void OnlyTheUserMayReadIt()
    {
        File.Change(d => d with { ProfileName = "work" });
        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, System.IO.File.GetUnixFileMode(File.Path));
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, System.IO.File.GetUnixFileMode(Path.GetDirectoryName(File.Path)!));
        }
    }

    [Fact]
    public void ABrokenFileIsNamed()
    {
        Directory.CreateDirectory(Path.GetDirectoryName(File.Path)!);
        System.IO.File.WriteAllText(File.Path, "{ region: ");
        Fe2Exception error = Assert.Throws<Fe2Exception>(() => File.Read());
        Assert.Equal("DefaultsUnreadable", error.Id);
        Assert.Contains(File.Path, error.Message, StringComparison.Ordinal);
    }
}
