using Fe2Ps.Core.Sessions;
using Fe2Ps.Core.Tunnels;
using Fe2Ps.Tests.Support;

namespace Fe2Ps.Core.Tests.Tunnels;

/// <summary>How an address that holds a secret reaches the browser.</summary>
public sealed class BrowserTests
{
    [Fact]
    public async Task ASecretGoesByAPageOfTheUsersOwn()
    {
        if (OperatingSystem.IsWindows()) return;
        var folder = Directory.CreateTempSubdirectory("fe2-browser-");
        var (record, stub) = (Path.Combine(folder.FullName, "record"), Path.Combine(folder.FullName, "browser"));
        await File.WriteAllTextAsync(stub, $"#!/bin/sh\necho \"$@\" > {record}.new; mv {record}.new {record}\n");
        File.SetUnixFileMode(stub, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        var before = Environment.GetEnvironmentVariable("BROWSER");
        try
        {
            Environment.SetEnvironmentVariable("BROWSER", stub);
            var home = new Fe2Home(TestCloud.Here("me", folder.FullName));
            Browser.OpenSecret("http://localhost:1/?a=<&token=s3cret", home, "page");
            await Until.TrueAsync(() => File.Exists(record), "the browser was started");
            var argument = (await File.ReadAllTextAsync(record)).Trim();
            Assert.DoesNotContain("s3cret", argument, StringComparison.Ordinal);
            var page = new Uri(argument).LocalPath;
            Assert.Contains("0;url=http://localhost:1/?a=&lt;&amp;token=s3cret\"", await File.ReadAllTextAsync(page), StringComparison.Ordinal);
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(page));
        }
        finally
        {
            Environment.SetEnvironmentVariable("BROWSER", before);
            folder.Delete(recursive: true);
        }
    }

    [Theory]
    [InlineData("firefox", "firefox <url>")]
    [InlineData("/no/such/browser:w3m", "/no/such/browser <url>|w3m <url>")]
    [InlineData(" : google-chrome --app=%s --new-window : ", "google-chrome --app=<url> --new-window")]
    [InlineData("firefox -P work:lynx", "firefox -P work <url>|lynx <url>")]
    public void SeveralBrowsersAreTriedInTheirOrder(string named, string programs)
    {
        if (OperatingSystem.IsWindows()) return;
        var before = Environment.GetEnvironmentVariable("BROWSER");
        try
        {
            Environment.SetEnvironmentVariable("BROWSER", named);
            Assert.Equal(programs, string.Join('|', Browser.Programs("<url>").Select(p => string.Join(' ', [p.FileName, .. p.ArgumentList]))));
        }
        finally
        {
            Environment.SetEnvironmentVariable("BROWSER", before);
        }
    }

    [Fact]
    public void BrowsersThatAreAllMissingAreNamed()
    {
        if (OperatingSystem.IsWindows()) return;
        var before = Environment.GetEnvironmentVariable("BROWSER");
        try
        {
            Environment.SetEnvironmentVariable("BROWSER", "/no/such/one:/no/such/two");
            var error = Assert.Throws<Fe2Exception>(() => Browser.Open("http://localhost:1/"));
            Assert.Equal("BrowserMissing", error.Id);
            Assert.Contains("'/no/such/one', '/no/such/two'", error.Message, StringComparison.Ordinal);
        }
        finally
        {
            Environment.SetEnvironmentVariable("BROWSER", before);
        }
    }
}
