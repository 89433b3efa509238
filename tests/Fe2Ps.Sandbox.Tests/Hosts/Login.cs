using Fe2Ps.Sandbox.Hosts;

namespace Fe2Ps.Sandbox.Tests.Hosts;

/// <summary>Logs in to hosts with a key made for the purpose.</summary>
public sealed class Login(string folder)
{
    private string KeyFile => Path.Combine(folder, "key");

    public string PublicKey => File.ReadAllText(KeyFile + ".pub");

    public Task MakeKeyAsync() => Commands.RunAsync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", KeyFile], CancellationToken.None);

    public Task UntilWorksAsync(HostSpec spec) =>
        Deadline.UntilAsync(async () => (await TryAsync(spec, "true")).Code == 0, $"ssh to {spec.InstanceId} works");

    public async Task<string> RunAsync(HostSpec spec, string command)
    {
        var (code, output, error) = await TryAsync(spec, command);
        Assert.True(code == 0, $"{command}: exit code {code}: {error}{output}");
        return output.TrimEnd('\n');
    }

    public Task<(int Code, string Output, string Error)> TryAsync(HostSpec spec, string command) =>
        Commands.TryAsync(
            "ssh",
            [
                "-F", "none", "-i", KeyFile, "-o", "BatchMode=yes", "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null",
                "-o", "LogLevel=ERROR", "-o", "ConnectTimeout=1", $"{spec.LoginUser}@{spec.PublicAddress}", command,
            ],
            CancellationToken.None);
}
