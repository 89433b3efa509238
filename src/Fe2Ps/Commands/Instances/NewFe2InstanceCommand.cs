using System.Collections;
using System.Management.Automation;
using Amazon.EC2.Model;
using Fe2Ps.Completion;
using Fe2Ps.Core;
using Fe2Ps.Core.Instances;
using Fe2Ps.Core.Sessions;
using Fe2Ps.Core.Spot;
using Fe2Ps.Core.Ssh;
using Fe2Ps.Pipeline;
using Fe2Ps.Views;

namespace Fe2Ps.Commands;

/// <summary>Launches machines by name and returns when a command over ssh works on them.</summary>
[Cmdlet(VerbsCommon.New, "Fe2Instance", SupportsShouldProcess = true)]
[OutputType(typeof(Instance))]
public sealed class NewFe2InstanceCommand : LoginCmdlet
{
    /// <summary>The name; with -Count above 1 the machines are name-1, name-2, ...</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [NewName]
    [ValidateNotNullOrEmpty]
    public string Name { get; set; } = "";

    /// <summary>The image, by id or name.</summary>
    [Parameter(Position = 1, ValueFromPipelineByPropertyName = true)]
    [Alias("Ami", "ImageId")]
    [ArgumentCompleter(typeof(ImageCompleter))]
    public string? Image { get; set; }

    /// <summary>The root disk, GiB.</summary>
    [Parameter(Position = 2, ValueFromPipelineByPropertyName = true)]
    [ValidateRange(1, 65536)]
    public int? DiskSize { get; set; }

    /// <summary>The instance type.</summary>
    [Parameter(Position = 3, ValueFromPipelineByPropertyName = true)]
    [ArgumentCompleter(typeof(InstanceTypeCompleter))]
    public string? InstanceType { get; set; }

    /// <summary>How many.</summary>
    [Parameter]
    [ValidateRange(1, 1000)]
    public int Count { get; set; } = 1;

    /// <summary>Spot instead of on-demand.</summary>
    [Parameter]
    public SwitchParameter Spot { get; set; }

    /// <summary>The most to pay for spot, USD an hour.</summary>
    [Parameter]
    public decimal? MaxPrice { get; set; }

    /// <summary>What EC2 does with a spot machine when it needs the room.</summary>
    [Parameter]
    public OnInterruption? OnInterruption { get; set; }

    /// <summary>The disk stays when the instance ends.</summary>
    [Parameter]
    public SwitchParameter KeepVolume { get; set; }

    /// <summary>The only zone to try.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(ZoneCompleter))]
    public string? Zone { get; set; }

    /// <summary>The key pair.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(KeyPairCompleter))]
    public string? KeyName { get; set; }

    /// <summary>From where ssh is allowed.</summary>
    [Parameter]
    public string? Cidr { get; set; }

    /// <summary>Security groups to use instead of fe2-ssh.</summary>
    [Parameter]
    [ValidateNotNull]
    public string[] SecurityGroupId { get; set; } = [];

    /// <summary>Operations a second of the root disk.</summary>
    [Parameter]
    [ValidateRange(3000, 80000)]
    public int? Iops { get; set; }

    /// <summary>Throughput of the root disk, MiB/s.</summary>
    [Parameter]
    [ValidateRange(125, 2000)]
    public int? Throughput { get; set; }

    /// <summary>What a shutdown from inside does.</summary>
    [Parameter]
    public ShutdownAction? OnShutdown { get; set; }

    /// <summary>A script or #cloud-config for the first boot.</summary>
    [Parameter]
    public string? UserData { get; set; }

    /// <summary>A role for the machine.</summary>
    [Parameter]
    public string? InstanceProfile { get; set; }

    /// <summary>Further tags.</summary>
    [Parameter]
    public Hashtable? Tag { get; set; }

    /// <summary>Returns as soon as EC2 has taken the order.</summary>
    [Parameter]
    public SwitchParameter NoWait { get; set; }

    /// <summary>Leaves machines that never became ready running.</summary>
    [Parameter]
    public SwitchParameter KeepOnFailure { get; set; }

    /// <summary>How long ssh may need to work, seconds.</summary>
    [Parameter]
    [ValidateRange(1, 24 * 3600)]
    public int Timeout { get; set; } = 300;

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        LaunchRequest request = Request();
        string what = $"Launch {(Spot ? "spot " : "")}{InstanceType ?? "of the default type"}";
        string who = Count == 1 ? Name : $"{Name}-1 to {Name}-{Count}";
        if (!ShouldProcess(who, what)) return;
        SessionOptions where = Where;
        Run(async stop =>
        {
            Fe2Session session = await OpenAsync(where, stop).ConfigureAwait(false);
            IReadOnlyList<Instance> instances = await new InstanceLauncher(session, new SshConnector()).LaunchAsync(request, Pump, stop).ConfigureAwait(false);
            if (KeepVolume) await KeepAsync(session, instances, stop).ConfigureAwait(false);
            foreach (Instance instance in instances) await WriteAsync(Dressed.Instance(instance, session, where)).ConfigureAwait(false);
        });
    }

    /// <summary>What cannot be kept is an error of its own: the machine is there all the same.</summary>
    private async Task KeepAsync(Fe2Session session, IReadOnlyList<Instance> instances, CancellationToken stop)
    {
        foreach (Instance instance in instances)
        {
            try
            {
                await new KeptDisks(session).KeepAsync(instance, stop).ConfigureAwait(false);
            }
            catch (Fe2Exception failure)
            {
                await WriteErrorAsync(failure).ConfigureAwait(false);
            }
        }
    }

    private LaunchRequest Request() => new()
    {
        Name = Name,
        Count = Count,
        Image = NullIfEmpty(Image),
        InstanceType = NullIfEmpty(InstanceType),
        DiskSize = DiskSize,
        Iops = Iops,
        Throughput = Throughput,
        KeyName = NullIfEmpty(KeyName),
        KeyFile = LoginKey,
        User = LoginUser,
        Spot = Spot,
        MaxPrice = MaxPrice,
        OnInterruption = OnInterruption,
        OnShutdown = OnShutdown,
        Cidr = NullIfEmpty(Cidr),
        SecurityGroupIds = SecurityGroupId,
        Zone = NullIfEmpty(Zone),
        UserData = NullIfEmpty(UserData),
        InstanceProfile = NullIfEmpty(InstanceProfile),
        Tags = Texts.Dictionary(Tag),
        NoWait = NoWait,
        KeepOnFailure = KeepOnFailure,
        ReadyTimeout = TimeSpan.FromSeconds(Timeout),
    };
}
