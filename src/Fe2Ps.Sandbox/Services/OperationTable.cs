using Fe2Ps.Sandbox.Hosts;
using Fe2Ps.Sandbox.State;

namespace Fe2Ps.Sandbox.Services;

/// <summary>Every operation that the sandbox answers, by service and name.</summary>
internal sealed class OperationTable
{
    private readonly Dictionary<(string Service, string Operation), Handler> _handlers = [];

    public OperationTable(Cloud cloud)
    {
        Hosts = new HostKeeper(cloud);
        Spot = new SpotMarket(cloud, Hosts);
        Launcher = new Launcher(cloud, Hosts, Spot);
        InstanceListing.Register(this);
        InstanceLifecycle.Register(this);
        InstanceAttributes.Register(this);
        NetworkListing.Register(this);
        SecurityGroups.Register(this);
        KeyPairs.Register(this);
        Images.Register(this);
        TagsOfResources.Register(this);
        Identity.Register(this);
        Parameters.Register(this);
        Volumes.Register(this);
        VolumeChanges.Register(this);
        Snapshots.Register(this);
        OwnImages.Register(this);
        SpotListing.Register(this);
        TypeListing.Register(this);
        Fleets.Register(this);
        LaunchTemplates.Register(this);
        ElasticAddresses.Register(this);
        PriceList.Register(this);
        Scaling = new ScalingKeeper(cloud, this);
        Lifecycle = new LifecycleKeeper(cloud, this);
        LifecyclePolicies.Register(this);
        SharedFileSystems.Register(this);
        ScalingGroups.Register(this);
        TargetGroups.Register(this);
        Roles.Register(this);
        InstanceProfiles.Register(this);
    }

    public HostKeeper Hosts { get; }

    public SpotMarket Spot { get; }

    public Launcher Launcher { get; }

    public ScalingKeeper Scaling { get; }

    public LifecycleKeeper Lifecycle { get; }

    public IEnumerable<(string Service, string Operation)> Names => _handlers.Keys;

    public void Add(string operation, Handler handler) => Add("ec2", operation, handler);

    public void Add(string service, string operation, Handler handler) => _handlers.Add((service, operation), handler);

    public Handler? Find(string service, string operation) => _handlers.GetValueOrDefault((service, operation));
}
