using Fe2Ps.Core.Notebooks;

namespace Fe2Ps.Core.Tests.Notebooks;

/// <summary>A machine cannot lead the browser of this computer to another host.</summary>
public sealed class NotebookAddressTests
{
    [Theory]
    [InlineData("@evil.example/")]
    [InlineData("evil")]
    [InlineData("/\"><script>")]
    [InlineData("/a b")]
    [InlineData("/x?token=other")]
    [InlineData("/x#")]
    public void APathThatIsNoPathIsNoServer(string path) =>
        Assert.Null(NotebookServer.Read(System.Text.Json.JsonSerializer.Serialize(new { port = 8888, token = "t", root_dir = "/home", base_url = path })));

    [Theory]
    [InlineData("/", "http://localhost:18888/?token=t")]
    [InlineData("/user/a@b.example/", "http://localhost:18888/user/a@b.example/?token=t")]
    [InlineData("//other.example/", "http://localhost:18888//other.example/?token=t")]
    public void APathStaysOnThisComputer(string path, string url)
    {
        string address = NotebookServer.Read(System.Text.Json.JsonSerializer.Serialize(new { port = 8888, token = "t", root_dir = "/home", base_url = path }))!.UrlAt(18888);
        Assert.Equal(url, address);
        Assert.Equal("localhost", new Uri(address).Host);
    }
}
