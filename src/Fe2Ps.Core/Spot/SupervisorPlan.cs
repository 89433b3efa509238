using System.Globalization;
using System.Text;
using System.Text.Json;
using Amazon.EC2.Model;
using Fe2Ps.Core.Instances;
using Fe2Ps.Core.Prices;
using Fe2Ps.Core.Scripts;
using Fe2Ps.Core.Sessions;
using static Fe2Ps.Core.Spot.RequestBody;

namespace Fe2Ps.Core.Spot;

/// <summary>
/// All that a supervisor needs, ready-made, so that a shell has nothing to build and nothing to parse: a line each, a key and its value;
/// texts in base64; requests as the bodies that EC2 gets, with <c>@WORDS@</c> that are filled in. The order of the choices, the tags and all
/// else of a launch are those of <see cref="CapacityWalk"/>, <see cref="Replacement"/> and <see cref="LaunchPlan"/>.
/// </summary>
internal sealed class SupervisorPlan(Fe2Session session)
{
    /// <summary>How long the machine may be silent before EC2 is asked about it. A sign of life comes every 30 s.</summary>
    public TimeSpan Silence { get; init; } = TimeSpan.FromSeconds(75);

    /// <summary>How long another try waits where there is no room anywhere.</summary>
    public TimeSpan BetweenTries { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>The plan of a job.</summary>
    /// <param name="job">The job.</param>
    /// <param name="recovery">How it goes on.</param>
    /// <param name="known">What the monitor's <c>job.json</c> says.</param>
    /// <param name="monitorKey">The monitor's host key, type and blob.</param>
    /// <exception cref="Fe2Exception">None of the choices could be launched anyway.</exception>
    public async Task<string> WriteAsync(
        Job job, RecoveryFacts recovery, JobFacts known, string monitorKey, IProgress<Fe2Report>? report, CancellationToken cancellationToken)
    {
        var there = job.Monitor!;
        var plan = new StringBuilder();
        void Add(string key, string value) => plan.Append(key).Append(' ').Append(value).Append('\n');
        void AddText(string key, string value) => Add(key, Convert.ToBase64String(Encoding.UTF8.GetBytes(value)));
        Add("region", session.Region);
        Add("endpoint", Endpoint());
        Add("silence", Seconds(Silence));
        Add("every", Seconds(BetweenTries));
        Add("max-restarts", recovery.Options.MaxRestarts.ToString(CultureInfo.InvariantCulture));
        Add("restart-on-error", recovery.Options.RestartOnError ? "1" : "0");
        Add("start-words", string.Join(' ', ScriptRunner.RestartWords(recovery.Options)));
        Add("comes-back", recovery.Machine.OnInterruption == OnInterruption.Terminate ? "0" : "1");
        Add("on-exit", job.OnExit.ToString());
        Add("signal", recovery.Signal.ToString());
        Add("monitor", there.Id);
        Add("monitor-user", there.Ssh.User);
        Add("monitor-port", there.Ssh.Port.ToString(CultureInfo.InvariantCulture));
        Add("monitor-key", monitorKey);
        Add("monitor-addresses", string.Join(' ', JobLink.AddressesOf(there, job.Target!).Where(IsPlain)));
        Add("token", Guid.NewGuid().ToString("N"));
        Add("name", Uri.EscapeDataString(recovery.Machine.Name));
        Add("elsewhere", string.Join(' ', ErrorTranslation.ElsewhereCodes));
        AddText("user", recovery.Machine.User);
        AddText("script", job.Script);
        AddText("facts", FactsTail(known with { TargetName = recovery.Machine.Name }));
        foreach (var (key, body) in await RequestsAsync(job, recovery).ConfigureAwait(false))
            Add(key, body);
        foreach (var (key, value) in await new SupervisorVolumes(session, job, recovery).LinesAsync(cancellationToken).ConfigureAwait(false))
            Add(key, value);
        foreach (var choice in await ChoicesAsync(job, recovery, report, cancellationToken).ConfigureAwait(false))
            Add("choice", choice);
        return plan.ToString();
    }

    /// <summary>Where the monitor reaches EC2. A sandbox on this computer answers its hosts where they look for their metadata.</summary>
    private string Endpoint() =>
        session.IsLocal ? "http://169.254.169.254" : session.Ec2.DetermineServiceOperationEndpoint(new RunInstancesRequest()).URL.TrimEnd('/');

    /// <summary>An address, or a name of one: a word of the plan and of ssh.</summary>
    private static bool IsPlain(string address) => address.Length > 0 && address.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or ':' or '-') && address[0] != '-';

    private static string Seconds(TimeSpan time) => Math.Max(1, (int)time.TotalSeconds).ToString(CultureInfo.InvariantCulture);

    /// <summary>The job's facts without the machine and its number, which the supervisor puts before them.</summary>
    private static string FactsTail(JobFacts known)
    {
        var facts = JsonSerializer.SerializeToNode(known, JobFactsContext.Default.JobFacts)!.AsObject();
        facts.Remove("targetId");
        facts.Remove("attempt");
        return facts.ToJsonString()[1..];
    }

    private static async Task<IReadOnlyList<(string Key, string Body)>> RequestsAsync(Job job, RecoveryFacts facts)
    {
        string instance = Word("INSTANCE"), attempt = Word("ATTEMPT");
        Task<string> Tagged(string key, string value) =>
            OfAsync(c => c.CreateTagsAsync(new CreateTagsRequest { Resources = [instance], Tags = [new Tag(key, value)] }));
        Task<string> Found(List<Filter> filters) => OfAsync(c => c.DescribeInstancesAsync(new DescribeInstancesRequest { Filters = filters }));
        List<Filter> holders = InstanceClaim.Filters([facts.Machine.Name]);
        return
        [
            ("describe", await OfAsync(c => c.DescribeInstancesAsync(new DescribeInstancesRequest { InstanceIds = [instance] })).ConfigureAwait(false)),
            ("marked", await OfAsync(c => c.DescribeSpotInstanceRequestsAsync(
                new DescribeSpotInstanceRequestsRequest { Filters = [InstanceQuery.Filter("instance-id", [instance])] })).ConfigureAwait(false)),
            ("find", await Found(Replacement.Filters(job.Id, attempt)).ConfigureAwait(false)),
            ("holders", await Found(holders).ConfigureAwait(false)),
            ("named", await Found([.. holders, InstanceQuery.Filter("instance-id", [instance])]).ConfigureAwait(false)),
            ("rename", await Tagged(TagNames.Name, Replacement.FormerName(job, facts, Word("NUMBER"))).ConfigureAwait(false)),
            ("hostkey", await Tagged(TagNames.HostKey, Word("HOSTKEY")).ConfigureAwait(false)),
            ("attempt", await Tagged(TagNames.Attempt, attempt).ConfigureAwait(false)),
            ("cancel", await OfAsync(c => c.CancelSpotInstanceRequestsAsync(
                new CancelSpotInstanceRequestsRequest { SpotInstanceRequestIds = [Word("REQUEST")] })).ConfigureAwait(false)),
            ("terminate", await OfAsync(c => c.TerminateInstancesAsync(new TerminateInstancesRequest { InstanceIds = [instance] })).ConfigureAwait(false)),
        ];
    }

    /// <summary>Every way to get a replacement, one for each zone, as <c>type zone market price body</c>.</summary>
    private async Task<IReadOnlyList<string>> ChoicesAsync(Job job, RecoveryFacts facts, IProgress<Fe2Report>? report, CancellationToken cancellationToken)
    {
        List<string> choices = [];
        Fe2Exception? refusal = null;
        var prices = new PriceBook(session);
        // Which zone the job's volumes are in by then the supervisor looks at itself.
        foreach (CapacityChoice choice in new CapacityWalk(facts with { Volumes = [] }, session.Clock).Choices)
        {
            LaunchRequest request = Replacement.Request(job, facts, choice, 0, facts.Machine.Name);
            LaunchPlan plan;
            try
            {
                plan = await new LaunchPreparation(session).RunAsync(request, report, cancellationToken, forLater: true).ConfigureAwait(false);
            }
            catch (Fe2Exception e) when (Replacement.MayFitElsewhere(e))
            {
                refusal = e;
                report?.Report(new VerboseReport($"{choice.InstanceType}: {e.Message}"));
                continue;
            }

            plan = plan with { Id = Word("LAUNCH"), Request = plan.Request with { Name = Word("NAME"), Tags = Later(plan.Request.Tags) } };
            foreach (Subnet subnet in plan.Subnets)
            {
                RunInstancesRequest call = plan.CallFor(subnet, 0, session.Environment);
                (call.ClientToken, call.UserData) = (Word("TOKEN"), Word("USERDATA"));
                var price = prices.TryGetCached(choice.InstanceType, choice.IsSpot ? subnet.AvailabilityZone : null)?.ToString(CultureInfo.InvariantCulture) ?? "-";
                var body = await OfAsync(c => c.RunInstancesAsync(call)).ConfigureAwait(false);
                choices.Add($"{choice.InstanceType} {subnet.AvailabilityZone} {(choice.IsSpot ? "spot" : "on-demand")} {price} {body}");
            }
        }

        return choices.Count > 0 ? choices : throw refusal!;
    }

    private static Dictionary<string, string> Later(IReadOnlyDictionary<string, string> tags) => new(tags) { [TagNames.Attempt] = Word("ATTEMPT") };
}
