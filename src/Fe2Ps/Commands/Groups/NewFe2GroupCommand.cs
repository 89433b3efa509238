using System.Collections;
using System.Management.Automation;
using Amazon.AutoScaling.Model;
using Fe2Ps.Completion;
using Fe2Ps.Core.Groups;
using Fe2Ps.Core.Instances;
using Fe2Ps.Core.Sessions;
using Fe2Ps.Core.Ssh;
using Fe2Ps.Pipeline;
using Fe2Ps.Views;

namespace Fe2Ps.Commands;

/// <summary>Makes a group of machines that is kept at a number, and returns when a command over ssh works on them.</summary>
[Cmdlet(VerbsCommon.New, "Fe2Group", SupportsShouldProcess = true)]
[OutputType(typeof(AutoScalingGroup))]
public sealed class NewFe2GroupCommand : LoginCmdlet
{
    /// <summary>The group's name, and the name of its machines.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [NewName]
    [ValidateNotNullOrEmpty]
    public string Name { get; set; } = "";

    /// <summary>The image, by id or name.</summary>
    [Parameter(Position = 1, ValueFromPipelineByPropertyName = true)]
    [Alias("Ami", "ImageId")]
    [ArgumentCompleter(typeof(ImageCompleter))]
    [ImageName]
    public string? Image { get; set; }

    /// <summary>The types to choose from, the preferred one first.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [ArgumentCompleter(typeof(InstanceTypeCompleter))]
    [ValidateNotNullOrEmpty]
    public string[] InstanceType { get; set; } = [];

    /// <summary>The least number.</summary>
    [Parameter]
    public int Min { get; set; } = 1;

    /// <summary>The number to keep.</summary>
    [Parameter]
    public int? Desired { get; set; }

    /// <summary>The largest number.</summary>
    [Parameter]
    public int? Max { get; set; }

    /// <summary>The share of spot machines above the base, such as 70%.</summary>
    [Parameter]
    public string? Spot { get; set; }

    /// <summary>How many machines are on-demand before the share of spot counts.</summary>
    [Parameter]
    public int OnDemandBase { get; set; }

    /// <summary>The most to pay for spot, USD an hour.</summary>
    [Parameter]
    public decimal? MaxPrice { get; set; }

    /// <summary>The target group of a load balancer, by name or ARN.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(TargetGroupCompleter))]
    public string? TargetGroup { get; set; }

    /// <summary>Whose word about a machine's health counts.</summary>
    [Parameter]
    public GroupHealthCheck HealthCheck { get; set; }

    /// <summary>The root disk, GiB.</summary>
    [Parameter]
    [ValidateRange(1, 65536)]
    public int? DiskSize { get; set; }

    /// <summary>The only zone.</summary>
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

    /// <summary>A script or #cloud-config for the first boot of each machine.</summary>
    [Parameter]
    public string? UserData { get; set; }

    /// <summary>A role for the machines.</summary>
    [Parameter]
    public string? InstanceProfile { get; set; }

    /// <summary>Further tags.</summary>
    [Parameter]
    public Hashtable? Tag { get; set; }

    /// <summary>Returns as soon as the group is made.</summary>
    [Parameter]
    public SwitchParameter NoWait { get; set; }

    /// <summary>Leaves a group that did not come up.</summary>
    [Parameter]
    public SwitchParameter KeepOnFailure { get; set; }

    /// <summary>How long the machines may need until ssh works, seconds.</summary>
    [Parameter]
    [ValidateRange(1, 24 * 3600)]
    public int Timeout { get; set; } = 600;

    /// <inheritdoc/>
    protected override void ProcessRecord() => Run(() =>
    {
        GroupRequest request = Request();
        if (!ShouldProcess(Name, $"Make a group of {request.Desired ?? request.Min} machines")) return;
        SessionOptions where = Where;
        Run(async stop =>
        {
            Fe2Session session = await OpenAsync(where, stop).ConfigureAwait(false);
            AutoScalingGroup group = await new GroupMaker(session, new SshConnector()).MakeAsync(request, Pump, stop).ConfigureAwait(false);
            await WriteAsync(Dressed.Group(group, session, where)).ConfigureAwait(false);
        });
    });

    private GroupRequest Request() => new()
    {
        Machine = new LaunchRequest
        {
            Name = Name,
            Image = NullIfEmpty(Image),
            DiskSize = DiskSize,
            MaxPrice = MaxPrice,
            Zone = NullIfEmpty(Zone),
            KeyName = NullIfEmpty(KeyName),
            KeyFile = LoginKey,
            User = LoginUser,
            Cidr = NullIfEmpty(Cidr),
            SecurityGroupIds = SecurityGroupId,
            UserData = NullIfEmpty(UserData),
            InstanceProfile = NullIfEmpty(InstanceProfile),
            Tags = Texts.Dictionary(Tag),
        },
        InstanceTypes = InstanceType,
        Min = Min,
        Desired = Desired,
        Max = Max,
        SpotPercent = NullIfEmpty(Spot) is { } share ? SpotShare.Parse(share) : 0,
        OnDemandBase = OnDemandBase,
        TargetGroup = NullIfEmpty(TargetGroup),
        HealthCheck = HealthCheck,
        NoWait = NoWait,
        KeepOnFailure = KeepOnFailure,
        ReadyTimeout = TimeSpan.FromSeconds(Timeout),
    };
}
