namespace Fe2Ps.Sandbox.Tests.Clients;

/// <summary>Real hosts behind the wire, from the launch to the login and the end.</summary>
public sealed class LoginTests
{
    [HostedClientFact]
    public async Task Boto3_and_ssh_take_hosts_through_their_life()
    {
        var sandbox = new ServedSandbox { Arguments = ["--hosts", "container", "--speed", "fast"] };
        await sandbox.InitializeAsync();
        try
        {
            var (code, output, error) = await sandbox.RunAsync("/usr/bin/python3", [Path.Combine(AppContext.BaseDirectory, "Clients", "boto3_login.py")]);
            Assert.True(code == 0 && output.Trim() == "done", output + error);
        }
        finally
        {
            await sandbox.DisposeAsync();
        }
    }
}
