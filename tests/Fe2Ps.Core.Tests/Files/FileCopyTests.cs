using Fe2Ps.Core.Files;
using Fe2Ps.Core.Ssh;
using Fe2Ps.Core.Tests.Scripts;

namespace Fe2Ps.Core.Tests.Files;

/// <summary>Copies with a machine that is up and stays up.</summary>
public sealed class FileCopyTests(HostedCopyFixture cloud) : IClassFixture<HostedCopyFixture>
{
    private static readonly string[] s_oddNames =
        ["plain.txt", "two words.txt", "it's \"quoted\" $HOME `id`.txt", "new\nline.txt", "한국어 이름.txt", "-rf", "[a]", "back\\slash", "colon:name", "#hash", ";semi", ".hidden"];

    [HostedFact]
    public Task OddNamesGoThereAndComeBackByRsync() => ThereAndBackAsync(true);

    [HostedFact]
    public Task OddNamesGoThereAndComeBackWithoutRsync() => ThereAndBackAsync(false);

    [HostedFact]
    public async Task AFolderIsMadeOnceAndGoesIntoOneThatIsThere()
    {
        var source = cloud.Folder();
        await File.WriteAllTextAsync(Path.Combine(source, "a"), "a");
        var item = CopyItem.Here(source);
        await cloud.Copy().SendAsync(cloud.Od1, [item], false, "made/below");
        await cloud.Copy().SendAsync(cloud.Od1, [item], false, "made/below");
        string[] there = ["a", item.Name];
        Assert.Equal(there.Order(StringComparer.Ordinal), (await cloud.OnAsync(cloud.Od1, "LC_ALL=C ls -A made/below")).Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.Equal("a\n", await cloud.OnAsync(cloud.Od1, $"ls -A made/below/{item.Name}"));
    }

    [HostedFact]
    public async Task WildcardsSelectOnTheMachineAndAMissingFileIsNamed()
    {
        await cloud.OnAsync(cloud.Od1, "mkdir -p 'logs here/sub'; cd 'logs here'; echo 1 > one.log; echo 2 > 'two $x.log'; echo 3 > three.txt; echo 4 > sub/four.log; echo 5 > '*.star'; ln -s one.log link.log");
        var here = cloud.Folder();
        var result = await cloud.Copy().ReceiveAsync(cloud.Od1, ["logs here/*.log"], false, Path.Combine(here, "new"));
        Assert.Equal(["link.log", "one.log", "two $x.log"], Names(Path.Combine(here, "new")));
        Assert.Equal("1\n", await File.ReadAllTextAsync(Path.Combine(here, "new/link.log")));
        Assert.Equal((3, true), (result.Files, result.Checked));

        await cloud.Copy().ReceiveAsync(cloud.Od1, ["logs here/`*.st[a-b]r"], false, here);
        await cloud.Copy(options: new CopyOptions { IsLiteral = true }).ReceiveAsync(cloud.Od1, ["logs here/*.star"], false, Path.Combine(here, "renamed"));
        Assert.Equal("5\n", await File.ReadAllTextAsync(Path.Combine(here, "*.star")));
        Assert.Equal("5\n", await File.ReadAllTextAsync(Path.Combine(here, "renamed")));

        var none = await cloud.Copy().ReceiveAsync(cloud.Od1, ["logs here/*.nothing"], false, Path.Combine(here, "never"));
        Assert.Equal(0, none.Files);
        Assert.False(Path.Exists(Path.Combine(here, "never")));
        var error = await Assert.ThrowsAsync<Fe2Exception>(() => cloud.Copy().ReceiveAsync(cloud.Od1, ["logs here/nosuch"], false, here));
        Assert.Equal("FileNotFound", error.Id);
    }

    [HostedFact]
    public async Task WhatIsThereDoesNotTravelAgainAndAChangeThatTimesHideIsFoundByContent()
    {
        foreach (var rsync in new[] { true, false })
        {
            await using var connector = new SshConnector(cloud.Ssh() with { UseRsync = rsync });
            var source = cloud.Folder();
            foreach (var name in new[] { "a", "b", "c" })
                await File.WriteAllTextAsync(Path.Combine(source, name), "12345");
            CopyItem[] items = [.. Directory.GetFiles(source).Select(CopyItem.Here)];
            var folder = $"again-{rsync}/";
            Assert.Equal(3, (await cloud.Copy(connector).SendAsync(cloud.Od1, items, true, folder)).FilesSent);
            Assert.Equal((rsync, 3, 0), (rsync, 3, (await cloud.Copy(connector).SendAsync(cloud.Od1, items, true, folder)).FilesSent));
            await cloud.OnAsync(cloud.Od1, $"cd {folder}; touch -r a time; printf 54321 > a; touch -r time a; rm time");
            Assert.Equal((rsync, 3, 0), (rsync, 3, (await cloud.Copy(connector).SendAsync(cloud.Od1, items, true, folder)).FilesSent));
            Assert.Equal((3, 1), Counts(await cloud.Copy(connector, options: new CopyOptions { ByContent = true }).SendAsync(cloud.Od1, items, true, folder)));
            Assert.Equal("12345", await cloud.OnAsync(cloud.Od1, $"cat {folder}a"));
        }
    }

    [HostedFact]
    public async Task NoLinkOfAMachineLeadsOutOfWhatIsCopiedHere()
    {
        await cloud.OnAsync(cloud.Od1, "mkdir -p links/sub; cd links; echo x > file; ln -s file inside; ln -s ../file sub/up; ln -s /etc/passwd absolute; ln -s ../../out sub/out; ln -s .. above");
        foreach (var rsync in new[] { true, false })
        {
            await using var connector = new SshConnector(cloud.Ssh() with { UseRsync = rsync });
            var here = Path.Combine(cloud.Folder(), "links");
            var reports = new Reports();
            await cloud.Copy(connector, reports).ReceiveAsync(cloud.Od1, ["links"], false, here);
            Assert.Equal(["file", "inside", "sub", "up"], Directory.GetFileSystemEntries(here, "*", SearchOption.AllDirectories).Select(Path.GetFileName).Order(StringComparer.Ordinal));
            Assert.Contains(reports.Warnings, w => w.Contains("3 links of the machine lead out of what is copied", StringComparison.Ordinal));
        }

        // What this computer sends is its own affair: there they stay as they are.
        var source = cloud.Folder();
        File.CreateSymbolicLink(Path.Combine(source, "absolute"), "/etc/hostname");
        await cloud.Copy().SendAsync(cloud.Od1, [CopyItem.Here(source)], false, "sent-links");
        Assert.Equal("/etc/hostname\n", await cloud.OnAsync(cloud.Od1, "readlink sent-links/absolute"));
    }

    [HostedFact]
    public async Task ALargeCopySaysHowFarItIs()
    {
        foreach (var rsync in new[] { true, false })
        {
            await using var connector = new SshConnector(cloud.Ssh() with { UseRsync = rsync });
            var reports = new Reports();
            await cloud.Copy(connector, reports).SendAsync(cloud.Od1, [CopyItem.Here(cloud.Big(150))], false, $"far-{rsync}/");
            var progress = reports.All.OfType<ProgressReport>().Where(r => r.Percent is not null).ToList();
            Assert.All(progress, r => Assert.StartsWith("Sending to od1", r.Activity, StringComparison.Ordinal));
            var percents = progress.Select(r => r.Percent!.Value).ToList();
            // How many there are is a matter of speed: rsync speaks once a second, and at the end.
            Assert.Equal(100, percents[^1]);
            Assert.Equal(percents.Order(), percents);
        }
    }

    [HostedFact]
    public async Task FilesGoFromOneMachineToAnother()
    {
        var second = await cloud.LaunchAsync("carry2");
        await cloud.OnAsync(cloud.Od1, "mkdir -p carried/x; echo one > 'carried/it'\\''s'; echo two > carried/x/y");
        var result = await cloud.Copy().CarryAsync(cloud.Od1, ["carried"], second, false, "new name");
        Assert.Equal("one\ntwo\n", await cloud.OnAsync(second, "cat 'new name/it'\\''s' 'new name/x/y'"));
        Assert.Equal((2, true), (result.Files, result.Checked));
        Assert.Empty(Directory.GetDirectories(cloud.Session.Folder.Path, "carry-*"));
    }

    private async Task ThereAndBackAsync(bool rsync)
    {
        await using var connector = new SshConnector(cloud.Ssh() with { UseRsync = rsync });
        var source = Path.Combine(cloud.Folder(), "a 'folder' 폴더");
        Directory.CreateDirectory(Path.Combine(source, "empty"));
        Directory.CreateDirectory(Path.Combine(source, "deep/er"));
        foreach (var odd in s_oddNames)
            await File.WriteAllTextAsync(Path.Combine(source, odd), odd);
        await File.WriteAllTextAsync(Path.Combine(source, "deep/er/file"), "deep");
        File.CreateSymbolicLink(Path.Combine(source, "link"), "plain.txt");

        var there = $"there {rsync}/$x 곳";
        var sent = await cloud.Copy(connector).SendAsync(cloud.Od1, [CopyItem.Here(source)], false, there);
        Assert.Equal((s_oddNames.Length + 1, s_oddNames.Length + 1), Counts(sent));
        Assert.True(sent.Checked);
        var back = cloud.Folder();
        var received = await cloud.Copy(connector).ReceiveAsync(cloud.Od1, [there], false, Path.Combine(back, "new"));
        Assert.Equal(sent.FilesSent, received.FilesSent);
        Assert.Equal(Tree(source), Tree(Path.Combine(back, "new")));
        Assert.Equal("plain.txt", new FileInfo(Path.Combine(back, "new", "link")).LinkTarget);

        // Each name by itself, as the items of a wildcard come.
        var single = $"single {rsync}/";
        await cloud.Copy(connector).SendAsync(cloud.Od1, [.. Directory.GetFileSystemEntries(source).Select(CopyItem.Here)], true, single);
        await cloud.Copy(connector, options: new CopyOptions { IsLiteral = true }).ReceiveAsync(
            cloud.Od1, [.. Directory.GetFileSystemEntries(source).Select(p => single + Path.GetFileName(p))], true, Path.Combine(back, "single"));
        Assert.Equal(Tree(source), Tree(Path.Combine(back, "single")));
    }

    private static (long, long) Counts(CopyResult result) => (result.Files, result.FilesSent);

    private static IEnumerable<string?> Names(string folder) => Directory.GetFileSystemEntries(folder).Select(Path.GetFileName).Order(StringComparer.Ordinal);

    private static string Tree(string root) => string.Join('\n', Directory
        .EnumerateFileSystemEntries(root, "*", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.None })
        .Order(StringComparer.Ordinal).Select(path => path[root.Length..] + (Directory.Exists(path) ? "/" : "=" + File.ReadAllText(path))));
}
