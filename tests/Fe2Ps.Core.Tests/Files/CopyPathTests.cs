using Fe2Ps.Core.Files;

namespace Fe2Ps.Core.Tests.Files;

public sealed class CopyPathTests
{
    [Theory]
    [InlineData("od1:data", "od1", "data")]
    [InlineData("od1:", "od1", "")]
    [InlineData("od1:~", "od1", "")]
    [InlineData("od1:~/a b", "od1", "a b")]
    [InlineData("od1:/var/log/*.log", "od1", "/var/log/*.log")]
    [InlineData("job-*:data", "job-*", "data")]
    [InlineData("i-0123456789abcdef0:a:b", "i-0123456789abcdef0", "a:b")]
    [InlineData("한국 컴퓨터:자료/$x 'y'\nz", "한국 컴퓨터", "자료/$x 'y'\nz")]
    [InlineData("C:/x", "C", "/x")]
    public void AMachineAndAPathThere(string text, string machine, string path) =>
        Assert.Equal(new CopyPath(machine, path), CopyPath.Parse(text, _ => false));

    [Theory]
    [InlineData("data")]
    [InlineData("./od1:data")]
    [InlineData("/tmp/a:b")]
    [InlineData(".\\a:b")]
    [InlineData(":a")]
    [InlineData("")]
    [InlineData("FileSystem::/tmp/x")]
    [InlineData("Microsoft.PowerShell.Core\\FileSystem::/tmp/x")]
    public void APathOfThisComputer(string text) => Assert.Equal(new CopyPath(null, text), CopyPath.Parse(text, _ => false));

    [Theory]
    [InlineData("C:\\x")]
    [InlineData("c:x")]
    [InlineData("C:/x")]
    public void ADriveIsNoMachine(string text) => Assert.Null(CopyPath.Parse(text, n => n is "C" or "c").Machine);

    [Theory]
    [InlineData("*.log", "./*.log")]
    [InlineData("/var/log/a b/*", "'/var/log/a b/'*")]
    [InlineData("$HOME `*?.x", "'./$HOME *'?.x")]
    [InlineData("it's[a-c]?", "'./it'\\''s'[a-c]?")]
    [InlineData("x[$']", "./x['$'''\\''']")]
    [InlineData("no]set[", "'./no]set['")]
    public void OnlyTheWildcardsOfAPatternReachTheShell(string path, string word) => Assert.Equal(word, RemoteItems.Pattern(path));
}
