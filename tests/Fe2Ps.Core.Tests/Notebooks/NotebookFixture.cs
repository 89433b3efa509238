using Amazon.EC2.Model;
using Fe2Ps.Core.Instances;
using Fe2Ps.Core.Sandboxes;
using Fe2Ps.Core.Sessions;
using Fe2Ps.Core.Ssh;
using Fe2Ps.Core.Tests.Scripts;
using Fe2Ps.Tests.Support;

namespace Fe2Ps.Core.Tests.Notebooks;

/// <summary>A test with the Jupyter of this computer, which hosts that are processes see too; skipped by name where it is not installed.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class JupyterFactAttribute : FactAttribute
{
    private static readonly string? Missing =
        new[] { "/usr/bin/jupyter-notebook", "/usr/bin/tmux", "/usr/sbin/sshd" }.FirstOrDefault(p => !File.Exists(p));

    public JupyterFactAttribute() => Skip = !HostedFactAttribute.IsHere ? "hosts need root on Linux" : Missing is null ? null : $"{Missing} is not here";

    public static bool IsHere => HostedFactAttribute.IsHere && Missing is null;
}

/// <summary>The sandbox with hosts that are processes of this computer.</summary>
public sealed class NotebookFixture : SandboxFixture
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("fe2-notebook-");
    private readonly List<Instance> _machines = [];

    internal Fe2Session Session { get; private set; } = null!;

    internal SshConnector Connector { get; private set; } = null!;

    protected override SandboxOptions Options => new(Program) { Hosts = SandboxHosts.Process, Speed = SandboxSpeed.Fast };

    public override async Task InitializeAsync()
    {
        if (!JupyterFactAttribute.IsHere) return;
        await base.InitializeAsync();
        Session = await Fe2Session.OpenAsync(new SessionOptions("us-east-2", null, EndpointUrl), TestCloud.Here("me", Path.Combine(_folder.FullName, "me")));
        Connector = new SshConnector(new SshOptions { Folder = Path.Combine(_folder.FullName, "fe2"), ConfigFile = "/dev/null" });
    }

    public override async Task DisposeAsync()
    {
        if (JupyterFactAttribute.IsHere)
        {
            // Where hosts share the processes of this computer, nothing of theirs ends by itself.
            foreach (var machine in _machines)
                await OnAsync(machine, "for s in $(tmux list-sessions -F '#{session_name}' 2>/dev/null | grep ^fe2-notebook); do tmux kill-session -t \"=$s\"; done");
            await Connector.DisposeAsync();
            await base.DisposeAsync();
        }

        _folder.Delete(recursive: true);
    }

    internal async Task<Instance> LaunchAsync(string name)
    {
        await new InstanceLauncher(Session, Connector).LaunchAsync(new LaunchRequest { Name = name });
        _machines.Add(await new InstanceQuery(Session).GetAsync(name));
        return _machines[^1];
    }

    internal async Task<ISshSession> OpenAsync(Instance instance) =>
        await Connector.OpenAsync(await new InstanceTargets(Session).ForAsync(instance));

    internal async Task<string> OnAsync(Instance instance, string command)
    {
        await using var session = await OpenAsync(instance);
        return (await session.RunAsync(command)).OutputText;
    }
}
