using System.Runtime.Versioning;
using Fe2Ps.Core.Scripts;
using Fe2Ps.Core.Spot;
using Fe2Ps.Core.Ssh;
using Fe2Ps.Core.Tests.Ssh;

namespace Fe2Ps.Core.Tests.Scripts;

/// <summary>
/// A target and a monitor, each a real sshd with a home of its own on this machine, and the runner on top. The programs that
/// would end the machine are stand-ins which only leave a note.
/// </summary>
[SupportedOSPlatform("linux")]
public sealed class JobFixture : IAsyncLifetime
{
    private readonly string _folder = Directory.CreateTempSubdirectory("fe2-jobs-").FullName;

    internal SshdHost TargetHost { get; private set; } = null!;

    internal SshdHost MonitorHost { get; private set; } = null!;

    internal JobMachine Target { get; private set; } = null!;

    internal JobMachine Monitor { get; private set; } = null!;

    internal SshConnector Connector { get; private set; } = null!;

    internal RecordedCloud Cloud { get; } = new();

    internal ScriptRunner Runner { get; private set; } = null!;

    internal JobControl Control { get; private set; } = null!;

    internal JobCatalogue Catalogue { get; private set; } = null!;

    internal IReadOnlyList<JobMachine> Machines => [Target, Monitor];

    public async Task InitializeAsync()
    {
        if (!JobFactAttribute.IsHere)
            return;
        TargetHost = await SshdHost.StartAsync("spot2");
        MonitorHost = await SshdHost.StartAsync("od1", TargetHost.Target.KeyFile);
        foreach (var host in new[] { TargetHost, MonitorHost })
        {
            StandIn(host, "sudo", "[ \"$1\" = -n ] && shift; exec \"$@\"");
            StandIn(host, "shutdown", "echo \"$*\" > \"$HOME/shutdown-called\"");
            StandIn(host, "poweroff", "echo poweroff > \"$HOME/shutdown-called\"");
        }

        Target = new JobMachine(TargetHost.Target, "127.0.0.1", "vpc-1");
        Monitor = new JobMachine(MonitorHost.Target, "127.0.0.1", "vpc-1");
        Connector = new SshConnector(new SshOptions { Folder = Path.Combine(_folder, "fe2"), ConfigFile = "/dev/null", SharedIdle = TimeSpan.FromSeconds(30) });
        Runner = new ScriptRunner(Connector, Cloud);
        Control = new JobControl(Connector, Cloud);
        Catalogue = new JobCatalogue(Connector);
    }

    public async Task DisposeAsync()
    {
        if (JobFactAttribute.IsHere)
        {
            await Connector.DisposeAsync();
            await TargetHost.DisposeAsync();
            await MonitorHost.DisposeAsync();
        }

        Directory.Delete(_folder, recursive: true);
    }

    /// <summary>Writes a script on this computer and returns its path.</summary>
    internal string Script(string text, string name = "myscript.sh")
    {
        var path = Path.Combine(Directory.CreateDirectory(Path.Combine(_folder, Path.GetRandomFileName())).FullName, name);
        File.WriteAllText(path, "#!/usr/bin/env bash\n" + text);
        return path;
    }

    internal string Folder() => Directory.CreateDirectory(Path.Combine(_folder, Path.GetRandomFileName())).FullName;

    internal JobRequest Request(string text, string name = "myscript.sh") => new(Script(text, name), Target) { Monitor = Monitor };

    internal string OnTarget(Job job, string path = "") => Path.Combine(TargetHost.Home, job.Folder, path);

    internal string OnMonitor(Job job, string path = "") => Path.Combine(MonitorHost.Home, job.Folder, path);

    internal Task<Job> WaitAsync(Job job, int seconds = 60) => Control.WaitAsync(job, TimeSpan.FromSeconds(seconds));

    private static void StandIn(SshdHost host, string program, string text)
    {
        var path = Path.Combine(host.Bin, program);
        File.WriteAllText(path, "#!/bin/sh\n" + text + "\n");
        File.SetUnixFileMode(path, (UnixFileMode)0b111_101_101);
    }

    /// <summary>Writes down what the cloud would be told.</summary>
    internal sealed class RecordedCloud : IJobCloud
    {
        public Dictionary<string, Dictionary<string, string>> Tags { get; } = [];

        public Dictionary<string, OnExit> Behavior { get; } = [];

        public HashSet<string> Gone { get; } = [];

        public Task TagAsync(string instanceId, IReadOnlyDictionary<string, string> tags, CancellationToken cancellationToken)
        {
            lock (Tags)
            {
                if (!Tags.TryGetValue(instanceId, out var own))
                    Tags[instanceId] = own = [];
                foreach (var (key, value) in tags)
                    own[key] = value;
            }

            return Task.CompletedTask;
        }

        public Task SetShutdownBehaviorAsync(string instanceId, OnExit onExit, CancellationToken cancellationToken)
        {
            lock (Tags)
                Behavior[instanceId] = onExit;
            return Task.CompletedTask;
        }

        public HashSet<string> OneTimeSpot { get; } = [];

        public Task<OnExit> ShutdownBehaviorAsync(string instanceId, CancellationToken cancellationToken) =>
            Task.FromResult(Behavior.GetValueOrDefault(instanceId, OnExit.Stop));

        public Task<bool> IsOneTimeSpotAsync(string instanceId, CancellationToken cancellationToken) => Task.FromResult(OneTimeSpot.Contains(instanceId));

        public Task<string?> RelaunchingRequestAsync(string instanceId, CancellationToken cancellationToken) => Task.FromResult<string?>(null);

        public Task HoldVolumesAsync(IReadOnlyList<JobVolume> volumes, string jobId, string jobName, CancellationToken cancellationToken) => Task.CompletedTask;

        public Task ReleaseVolumesAsync(IReadOnlyList<JobVolume> volumes, CancellationToken cancellationToken) => Task.CompletedTask;

        public Task<bool> IsRunningAsync(string instanceId, CancellationToken cancellationToken) => Task.FromResult(!Gone.Contains(instanceId));
    }
}

/// <summary>A test that needs sshd and the programs of a job; skipped by name without them.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class JobFactAttribute : FactAttribute
{
    private static readonly string? Missing =
        new[] { "/usr/sbin/sshd", "/usr/bin/tmux", "/usr/bin/lsyncd", "/usr/bin/rsync" }.FirstOrDefault(p => !File.Exists(p));

    public JobFactAttribute() => Skip = IsHere ? null : $"{Missing ?? "Linux"} is not here";

    public static bool IsHere => OperatingSystem.IsLinux() && Missing is null;
}
