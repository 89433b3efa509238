using Fe2Ps.Core.Ssh;

namespace Fe2Ps.Core.Tests.Ssh;

public sealed class TunnelTests
{
    [Theory]
    [InlineData("8888", 8888, 8888)]
    [InlineData("8008:8080", 8008, 8080)]
    [InlineData("1:65535", 1, 65535)]
    public void PortsAreRead(string text, int local, int remote)
    {
        Assert.Equal(new Tunnel(local, remote), Tunnel.Parse(text));
        Assert.Equal(text, Tunnel.Parse(text).ToString());
    }

    [Theory]
    [InlineData("")]
    [InlineData("0")]
    [InlineData("65536")]
    [InlineData("a")]
    [InlineData("80:")]
    [InlineData(":80")]
    [InlineData("1:2:3")]
    [InlineData("-5")]
    [InlineData(" 80")]
    public void AnythingElseIsRefused(string text) => Assert.Equal("TunnelInvalid", Assert.Throws<Fe2Exception>(() => Tunnel.Parse(text)).Id);
}
