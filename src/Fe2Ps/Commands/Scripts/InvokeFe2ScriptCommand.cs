using System.Collections;
using System.Management.Automation;
using Fe2Ps.Completion;
using Fe2Ps.Core;
using Fe2Ps.Core.Scripts;
using Fe2Ps.Core.Sessions;
using Fe2Ps.Core.Spot;
using Fe2Ps.Core.Ssh;
using Fe2Ps.Pipeline;
using Fe2Ps.Views;

namespace Fe2Ps.Commands;

/// <summary>Runs a long script on one machine while another collects the results.</summary>
[Cmdlet(VerbsLifecycle.Invoke, "Fe2Script", SupportsShouldProcess = true)]
[OutputType(typeof(Job))]
public sealed class InvokeFe2ScriptCommand : LoginCmdlet
{
    private readonly SshConnector _connector = new();
    private Job? _job;

    /// <summary>The script on this computer.</summary>
    [Parameter(Mandatory = true, Position = 0)]
    [ValidateNotNullOrEmpty]
    public string Path { get; set; } = "";

    /// <summary>The machine that runs it.</summary>
    [Parameter(Mandatory = true, Position = 1, ValueFromPipelineByPropertyName = true)]
    [Alias("InstanceId")]
    [ArgumentCompleter(typeof(InstanceNameCompleter))]
    [InstanceName]
    [ValidateNotNullOrEmpty]
    public string Instance { get; set; } = "";

    /// <summary>The machine that collects the results.</summary>
    [Parameter(Position = 2)]
    [ArgumentCompleter(typeof(InstanceNameCompleter))]
    [InstanceName]
    public string? Monitor { get; set; }

    /// <summary>The job's name.</summary>
    [Parameter]
    public string? Name { get; set; }

    /// <summary>Arguments for the script.</summary>
    [Parameter]
    [ValidateNotNull]
    public string[] ArgumentList { get; set; } = [];

    /// <summary>Environment variables for the script.</summary>
    [Parameter]
    public Hashtable? Environment { get; set; }

    /// <summary>More files and folders for the job's folder.</summary>
    [Parameter]
    [SupportsWildcards]
    [ValidateNotNull]
    public string[] File { get; set; } = [];

    /// <summary>What happens to the machine afterwards.</summary>
    [Parameter]
    public OnExit OnExit { get; set; }

    /// <summary>What tells the script that EC2 takes its spot machine away.</summary>
    [Parameter]
    public InterruptSignal InterruptSignal { get; set; }

    /// <summary>Goes on on another machine when EC2 takes the one away, and waits for the end.</summary>
    [Parameter]
    public SwitchParameter Recover { get; set; }

    /// <summary>How often the script may be started again.</summary>
    [Parameter]
    [ValidateRange(0, 1000)]
    public int MaxRestarts { get; set; } = 10;

    /// <summary>What another machine may differ in.</summary>
    [Parameter]
    [ValidateNotNull]
    public RecoveryFallback[] Fallback { get; set; } = [RecoveryFallback.Zone, RecoveryFallback.Type, RecoveryFallback.OnDemand];

    /// <summary>Further types for another machine.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(InstanceTypeCompleter))]
    [ValidateNotNullOrEmpty]
    public string[] InstanceType { get; set; } = [];

    /// <summary>Starts a script that ends with an error again, too.</summary>
    [Parameter]
    public SwitchParameter RestartOnError { get; set; }

    /// <summary>Leaves recovery to the computers that wait: the monitor gets no role of its own.</summary>
    [Parameter]
    public SwitchParameter NoSupervisor { get; set; }

    /// <summary>The machine's data volumes stay when it ends, also after the job.</summary>
    [Parameter]
    public SwitchParameter KeepVolume { get; set; }

    /// <summary>Keeps the memory of a script that cannot save itself, for the next machine.</summary>
    [Parameter]
    public SwitchParameter Checkpoint { get; set; }

    /// <summary>How often, beside once at the interruption.</summary>
    [Parameter]
    public string? CheckpointEvery { get; set; }

    /// <summary>Returns when the script has ended and the results are safe.</summary>
    [Parameter]
    public SwitchParameter Wait { get; set; }

    /// <summary>As -Wait, and shows the output meanwhile.</summary>
    [Parameter]
    public SwitchParameter Follow { get; set; }

    /// <summary>Where the results go on this computer, after -Wait or -Follow.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? Destination { get; set; }

    private bool Stays => Wait || Follow || Recover;

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        if (!ShouldProcess(Instance, $"Run {System.IO.Path.GetFileName(Path)}{(NullIfEmpty(Monitor) is { } m ? $", results to {m}" : "")}")) return;
        _job = null;
        SessionOptions where = Where;
        string script = GetUnresolvedProviderPathFromPSPath(Path);
        string[] files = [.. File.SelectMany(f => WildcardPattern.ContainsWildcardCharacters(f)
            ? GetResolvedProviderPathFromPSPath(f, out _) : [GetUnresolvedProviderPathFromPSPath(f)])];
        string? folder = Destination is null && NullIfEmpty(Monitor) is not null ? null : GetUnresolvedProviderPathFromPSPath(Destination ?? ".");
        Run(async stop =>
        {
            Fe2Session session = await OpenAsync(where, stop).ConfigureAwait(false);
            var cloud = new CloudJobs(session, _connector, LoginKey, LoginUser, Pump);
            _job = await cloud.Runner.StartAsync(await RequestAsync(session, cloud, script, files, stop).ConfigureAwait(false), Pump, stop).ConfigureAwait(false);
            if (Recover && !NoSupervisor) await new Supervisor(session, cloud).StartAsync(_job, Pump, stop).ConfigureAwait(false);
            Job last = Stays ? await StayAsync(session, cloud, _job, folder, stop).ConfigureAwait(false) : _job;
            await WriteAsync(Dressed.Job(last, session, where)).ConfigureAwait(false);
            if (Stays && ScriptErrors.Of(last) is { } failure) throw failure;
        });
    }

    /// <inheritdoc/>
    private protected override string? StopNotice() => _job is { } job
        ? $"The job {job.Name} goes on on {job.TargetName}. Wait-Fe2Script {job.Name} waits for it, Receive-Fe2Script {job.Name} -Follow shows its output, Stop-Fe2Script {job.Name} ends it."
        : "The job was not started.";

    private async Task<JobRequest> RequestAsync(Fe2Session session, CloudJobs cloud, string script, string[] files, CancellationToken stop)
    {
        JobMachine target = await cloud.MachineAsync(Instance, stop).ConfigureAwait(false);
        var options = new RecoveryOptions
        {
            MaxRestarts = MaxRestarts,
            Fallback = Fallback,
            InstanceTypes = InstanceType,
            RestartOnError = RestartOnError,
            KeepVolume = KeepVolume,
            CheckpointEvery = RecoveryPlan.Checkpoints(Checkpoint, NullIfEmpty(CheckpointEvery), Recover),
        };
        return new JobRequest(script, target)
        {
            Recovery = Recover ? await new RecoveryPlan(session, cloud.Connector, Pump).OfAsync(target, options, InterruptSignal, stop).ConfigureAwait(false) : null,
            Monitor = NullIfEmpty(Monitor) is { } monitor ? await cloud.MachineAsync(monitor, stop).ConfigureAwait(false) : null,
            KeptVolumes = KeepVolume && !Recover ? await new JobVolumes(session, _connector, Pump).ToKeepAsync(target, stop).ConfigureAwait(false) : [],
            Arguments = ArgumentList,
            Environment = Texts.Dictionary(Environment),
            Files = files,
            OnExit = OnExit,
            InterruptSignal = InterruptSignal,
            Name = NullIfEmpty(Name),
            ReceivesAtEnd = Stays && NullIfEmpty(Monitor) is null,
        };
    }

    private async Task<Job> StayAsync(Fe2Session session, CloudJobs cloud, Job job, string? folder, CancellationToken stop)
    {
        var lines = new OutputLines();
        Action<ReadOnlyMemory<byte>>? show = Follow ? bytes => Show(lines.Add(bytes.Span)) : null;
        Job over = await new JobEnd(session, cloud).WaitAsync(job, TimeSpan.FromDays(365), show, moved => _job = moved, Pump, stop).ConfigureAwait(false);
        if (lines.Finish() is { } last) Show([last]);
        if (folder is not null)
        {
            string mine = job.LocalFolder(folder);
            await cloud.Control.ReceiveAsync(over, mine, Pump, stop).ConfigureAwait(false);
            Pump.Report(new VerboseReport($"Results: {mine}"));
        }

        return over;
    }

    private void Show(List<string> lines)
    {
        if (lines.Count > 0)
            Pump.DoAsync(() => lines.ForEach(l => WriteInformation(new HostInformationMessage { Message = l, NoNewLine = false }, ["PSHOST", "Fe2Output"]))).GetAwaiter().GetResult();
    }
}
