using System.Security.Cryptography;
using System.Text;
using Amazon.AutoScaling;
using Amazon.DLM;
using Amazon.EC2;
using Amazon.ElasticFileSystem;
using Amazon.ElasticLoadBalancingV2;
using Amazon.IdentityManagement;
using Amazon.Pricing;
using Amazon.Runtime;
using Amazon.SecurityToken;
using Amazon.SimpleSystemsManagement;
using Fe2Ps.Core.Defaults;

namespace Fe2Ps.Core.Sessions;

/// <summary>One region of one account, with everything needed to work in it. Cheap to open: the clients are shared within the process.</summary>
public sealed class Fe2Session
{
    private readonly ClientSet clients;

    internal Fe2Session(
        ClientKey key, ClientSet clients, Fe2Defaults defaults, Fe2Environment environment, IReadOnlyList<SettingSource> sources)
    {
        this.clients = clients;
        Region = key.Region;
        ProfileName = key.ProfileName;
        EndpointUrl = key.Endpoint;
        Defaults = defaults;
        Environment = environment;
        Sources = sources;
        Folder = new Fe2Home(environment);
        IsLocal = SettingsSearch.IsLocal(key.Endpoint);
    }

    /// <summary>The region's code.</summary>
    public string Region { get; }

    /// <summary>The profile that was asked for, or null for AWS's own choice.</summary>
    public string? ProfileName { get; }

    /// <summary>The endpoint of all services, or null for AWS itself.</summary>
    public string? EndpointUrl { get; }

    /// <summary>True where the endpoint is on this computer: a sandbox, which costs nothing.</summary>
    public bool IsLocal { get; }

    /// <summary>What <c>Set-Fe2Default</c> keeps.</summary>
    public Fe2Defaults Defaults { get; }

    /// <summary>This computer.</summary>
    public Fe2Environment Environment { get; }

    /// <summary>The folder for keys, known hosts and caches.</summary>
    public Fe2Home Folder { get; }

    /// <summary>Where every setting came from; never a secret.</summary>
    public IReadOnlyList<SettingSource> Sources { get; }

    /// <summary>Where time comes from.</summary>
    public TimeProvider Clock => Environment.Clock;

    /// <summary>EC2.</summary>
    public IAmazonEC2 Ec2 => clients.Ec2;

    /// <summary>Systems Manager, for the parameters that name images.</summary>
    public IAmazonSimpleSystemsManagement Ssm => clients.Ssm;

    /// <summary>The price list, in the nearest region that has one.</summary>
    public IAmazonPricing Pricing => clients.Pricing;

    /// <summary>STS: who am I, and why was I refused.</summary>
    public IAmazonSecurityTokenService Sts => clients.Sts;

    /// <summary>EC2 Auto Scaling.</summary>
    public IAmazonAutoScaling Scaling => clients.Scaling;

    /// <summary>Load balancers' target groups.</summary>
    public IAmazonElasticLoadBalancingV2 Balancing => clients.Balancing;

    /// <summary>IAM: roles and instance profiles.</summary>
    public IAmazonIdentityManagementService Iam => clients.Iam;

    /// <summary>Data Lifecycle Manager: snapshots at their times.</summary>
    public IAmazonDLM Backups => clients.Backups;

    /// <summary>EFS.</summary>
    public IAmazonElasticFileSystem FileSystems => clients.FileSystems;

    /// <summary>How often the cloud is asked while waiting.</summary>
    internal PollingPace Pace { get; init; } = PollingPace.Default;

    /// <summary>A name for caches that must not be shared between a sandbox, another account's profile and AWS.</summary>
    internal string CacheScope
    {
        get
        {
            string text = $"{EndpointUrl ?? "aws"}|{ProfileName ?? Environment.Get("AWS_PROFILE")}|{Environment.Get("AWS_ACCESS_KEY_ID")}";
            return $"{Region}-{Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(text)))[..12].ToLowerInvariant()}";
        }
    }

    /// <summary>Finds region, profile, endpoint and credentials by AWS's own rules, <c>Set-Fe2Default</c> coming before the environment.</summary>
    /// <exception cref="Fe2Exception"><c>RegionMissing</c>, <c>RegionNotFound</c>, <c>RegionAmbiguous</c>, <c>ProfileNotFound</c>, <c>EndpointInvalid</c>, <c>DefaultsUnreadable</c>.</exception>
    public static async Task<Fe2Session> OpenAsync(
        SessionOptions? options = null, Fe2Environment? environment = null, CancellationToken cancellationToken = default)
    {
        Fe2Environment here = environment ?? Fe2Environment.Process;
        Fe2Defaults defaults = new DefaultsFile(new Fe2Home(here)).Read();
        var search = new SettingsSearch(options ?? new SessionOptions(), defaults, here);
        ClientKey key = await search.RunAsync(cancellationToken).ConfigureAwait(false);
        return new Fe2Session(key, ClientSet.For(key), defaults, here, search.Sources);
    }

    /// <summary>A session with fixed credentials and its own clients, for tests and for tools that bring their own.</summary>
    public static async Task<Fe2Session> OpenAsync(
        SessionOptions options, AWSCredentials credentials, Fe2Environment? environment = null, CancellationToken cancellationToken = default)
    {
        Fe2Session found = await OpenAsync(options, environment, cancellationToken).ConfigureAwait(false);
        var key = new ClientKey(found.Region, found.ProfileName, found.EndpointUrl, "", false);
        return new Fe2Session(key, new ClientSet(key, credentials), found.Defaults, found.Environment, found.Sources);
    }

    /// <summary>The same session at another pace of asking; tests use it.</summary>
    internal Fe2Session WithPace(PollingPace pace) =>
        new(new ClientKey(Region, ProfileName, EndpointUrl, "", false), clients, Defaults, Environment, Sources) { Pace = pace };
}
