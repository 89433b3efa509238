using System.Management.Automation;
using Amazon.EC2.Model;
using Fe2Ps.Core;
using Fe2Ps.Core.Commands;
using Fe2Ps.Core.Instances;
using Fe2Ps.Core.Sessions;
using Fe2Ps.Core.Ssh;
using Fe2Ps.Pipeline;
using BackgroundJob = System.Management.Automation.Job;

namespace Fe2Ps.Commands;

/// <summary>Runs a command, a script or a script block on machines over ssh, on many at once.</summary>
[Cmdlet(VerbsLifecycle.Invoke, "Fe2Command", DefaultParameterSetName = "Command", SupportsShouldProcess = true)]
[OutputType(typeof(string), typeof(PSObject), typeof(byte[]), typeof(RemoteResult), typeof(BackgroundJob))]
public sealed class InvokeFe2CommandCommand : InstanceValueCmdlet
{
    private readonly SshConnector _connector = new();
    private bool _showsErrors;
    private string? _file;

    /// <summary>The command, for the login shell there.</summary>
    [Parameter(Position = 1, ParameterSetName = "Command")]
    [ValidateNotNullOrEmpty]
    public string? Command { get; set; }

    /// <summary>A script block, for the pwsh there.</summary>
    [Parameter(Mandatory = true, Position = 1, ParameterSetName = "ScriptBlock")]
    [ValidateNotNull]
    public ScriptBlock? ScriptBlock { get; set; }

    /// <summary>A script of this computer, which runs there by its shebang.</summary>
    [Parameter(Mandatory = true, ParameterSetName = "FilePath")]
    [ValidateNotNullOrEmpty]
    public string? FilePath { get; set; }

    /// <summary>Arguments, quoted for the shell there; objects for a script block.</summary>
    [Parameter(Position = 2, ParameterSetName = "Command")]
    [Parameter(Position = 2, ParameterSetName = "ScriptBlock")]
    [Parameter(Position = 1, ParameterSetName = "FilePath")]
    [Alias("Args")]
    [ValidateNotNull]
    public object[] ArgumentList { get; set; } = [];

    /// <summary>The login user.</summary>
    [Parameter]
    public string? User { get; set; }

    /// <summary>The private key on this computer.</summary>
    [Parameter]
    [LocalPath]
    public string? KeyFile { get; set; }

    /// <summary>One object for each machine instead of lines.</summary>
    [Parameter]
    public SwitchParameter AsResult { get; set; }

    /// <summary>Standard error joins standard output.</summary>
    [Parameter(ParameterSetName = "Command")]
    [Parameter(ParameterSetName = "FilePath")]
    public SwitchParameter MergeError { get; set; }

    /// <summary>Standard output as blocks of bytes.</summary>
    [Parameter(ParameterSetName = "Command")]
    [Parameter(ParameterSetName = "FilePath")]
    public SwitchParameter AsByteStream { get; set; }

    /// <summary>A file here for standard output; a folder for a file of each machine.</summary>
    [Parameter(ParameterSetName = "Command")]
    [Parameter(ParameterSetName = "FilePath")]
    [ValidateNotNullOrEmpty]
    public string? OutFile { get; set; }

    /// <summary>In the background.</summary>
    [Parameter]
    public SwitchParameter AsJob { get; set; }

    /// <summary>The name of the background job.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? JobName { get; set; }

    /// <summary>On how many machines at once.</summary>
    [Parameter]
    [ValidateRange(1, 1000)]
    public int ThrottleLimit { get; set; } = CommandRunner.UsualThrottle;

    /// <inheritdoc/>
    private protected override (string Parameter, string? Given) Second => ParameterSetName switch
    {
        "ScriptBlock" => (nameof(ScriptBlock), ScriptBlock?.ToString()),
        "FilePath" => (nameof(FilePath), FilePath),
        _ => (nameof(Command), Command),
    };

    /// <inheritdoc/>
    private protected override void Begin()
    {
        base.Begin();
        if (AsByteStream && (AsResult || OutFile is not null))
        {
            ThrowTerminatingError(new Fe2Exception(
                "OutputUnclear", Fe2ErrorKind.InvalidArgument, $"-AsByteStream gives bytes, so -{(AsResult ? nameof(AsResult) : nameof(OutFile))} cannot have them too.",
                "Leave one of them out; -OutFile with -AsResult writes the bytes to a file and tells the exit code.").ToErrorRecord());
        }

        // Programs write to standard error whatever happens: where errors end the pipeline, the exit code alone decides.
        _showsErrors = ErrorPreference() is not ActionPreference.Stop;
        if (OutFile is not null) _file = GetUnresolvedProviderPathFromPSPath(OutFile);
        if (FilePath is not null) FilePath = GetUnresolvedProviderPathFromPSPath(FilePath);
    }

    /// <inheritdoc/>
    private protected override async Task ActAsync(Fe2Session session, SessionOptions where, IReadOnlyList<Instance> instances, CancellationToken stop)
    {
        RemoteCommand command = await Pump.AskAsync(MakeCommand).ConfigureAwait(false);
        IReadOnlyDictionary<string, string>? files = _file is null ? null : OutputFiles.For(_file, instances);
        IReadOnlyList<Instance> confirmed = await ConfirmedAsync(instances, "Run: " + Shown(Value)).ConfigureAwait(false);
        if (confirmed.Count == 0) return;
        var work = new RemoteWork(session, _connector, NullIfEmpty(KeyFile), NullIfEmpty(User), command, AsResult)
        {
            MakeDecoder = origin => ScriptBlock is not null ? new ObjectDecoder(origin) : AsByteStream ? new ByteDecoder(origin) : new LineDecoder(AsResult ? null : origin),
            Files = files,
            Where = where,
        };
        if (AsJob)
        {
            await Pump.DoAsync(() => Begin(work, confirmed)).ConfigureAwait(false);
            return;
        }

        bool isAlone = IsOnlyPlace && instances.Count == 1;
        await CommandRunner.ForEachAsync(
            confirmed, ThrottleLimit,
            async (instance, token) =>
            {
                await Errors.GuardAsync(() => work.RunAsync(
                    instance, Pump, new RemoteSink { TakeAsync = WriteAsync, ErrorsAreRecords = _showsErrors },
                    code => isAlone ? Pump.DoAsync(() => SessionState.PSVariable.Set("global:LASTEXITCODE", code)) : Task.CompletedTask, token)).ConfigureAwait(false);
            },
            (_, failure) => WriteErrorAsync(failure), stop).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    private protected override string? StopNotice() =>
        "The connection is closed; a command that still runs there ends when it next writes. For long work use Invoke-Fe2Script, which needs no connection.";

    private RemoteCommand MakeCommand()
    {
        if (ScriptBlock is not null)
            return RemoteScriptBlock.Command(ScriptBlock, [.. ArgumentList.Select(a => a is PSObject wrapped ? wrapped.BaseObject : a)], Variable);
        string[] arguments = [.. ArgumentList.Select(a => LanguagePrimitives.ConvertTo<string>(a))];
        return FilePath is not null ? RemoteCommand.FromFile(FilePath, arguments, MergeError) : RemoteCommand.FromText(Value, arguments, MergeError);
    }

    /// <summary>A variable that holds null is there all the same.</summary>
    private (bool IsThere, object? Value) Variable(string name) =>
        GetVariableValue(name) is { } value ? (true, value) : (SessionState.PSVariable.Get(name) is not null, null);

    private void Begin(RemoteWork work, IReadOnlyList<Instance> instances)
    {
        var job = new CommandJob(Shown(Value), JobName, instances);
        JobRepository.Add(job);
        job.Start(work, ThrottleLimit);
        WriteVerbose("The job ends with this session. For work that outlives it use Invoke-Fe2Script.");
        WriteObject(job);
    }

    private Task WriteAsync(IReadOnlyList<RemoteRecord> records) => Pump.DoAsync(() =>
    {
        foreach (RemoteRecord record in records)
        {
            switch (record.Stream)
            {
                case RemoteStream.Output: WriteObject(record.Value, enumerateCollection: false); break;
                case RemoteStream.Error: WriteError((ErrorRecord)record.Value); break;
                case RemoteStream.Warning: WriteWarning((string)record.Value); break;
                case RemoteStream.Verbose: WriteVerbose((string)record.Value); break;
                case RemoteStream.Debug: WriteDebug((string)record.Value); break;
                default:
                    var announced = (Announcement)record.Value;
                    WriteInformation(announced.Message, announced.Tags);
                    break;
            }
        }
    });

    private ActionPreference ErrorPreference() =>
        LanguagePrimitives.TryConvertTo(
            MyInvocation.BoundParameters.TryGetValue("ErrorAction", out object? given) ? given : GetVariableValue("ErrorActionPreference"),
            out ActionPreference preference) ? preference : ActionPreference.Continue;

    /// <summary>A command as a question or a list shows it: one line, not too long.</summary>
    private static string Shown(string command)
    {
        string line = string.Join(' ', command.Split(['\r', '\n', ' ', '\t'], StringSplitOptions.RemoveEmptyEntries));
        return line.Length <= 200 ? line : line[..199] + "…";
    }
}
