namespace Fe2Ps.Sandbox.Tests.Hosts;

public sealed class ContainerLoginTests(FabricFixture fixture) : IClassFixture<FabricFixture>
{
    [ContainerFact]
    public async Task A_started_host_lets_its_owner_in_and_his_sudo_work()
    {
        var spec = await fixture.StartAsync();

        Assert.Equal($"ubuntu {spec.HostName} /home/ubuntu C.UTF-8", await fixture.SshAsync(spec, "echo $(id -un) $(hostname) $HOME $LANG"));
        Assert.Equal("0", await fixture.SshAsync(spec, "sudo id -u"));
        await fixture.Fabric.DestroyAsync(spec.InstanceId, CancellationToken.None);
        Assert.NotEqual(0, (await fixture.TrySshAsync(spec, "true")).Code);
    }
}
