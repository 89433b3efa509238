using Fe2Ps.Sandbox.State;
using Fe2Ps.Sandbox.Wire;

namespace Fe2Ps.Sandbox.Services;

/// <summary>Data Lifecycle Manager's operations, for policies that make snapshots in intervals. The <see cref="LifecycleKeeper"/> makes them.</summary>
internal static class LifecyclePolicies
{
    // The intervals that there are (DLM API reference, CreateRule).
    private static readonly int[] s_hours = [1, 2, 3, 4, 6, 8, 12, 24];

    public static void Register(OperationTable table)
    {
        table.Add("dlm", "CreateLifecyclePolicy", call => Create(call, table.Lifecycle));
        table.Add("dlm", "GetLifecyclePolicy", call => new Fields { ["Policy"] = Whole(call, Find(call)) });
        table.Add("dlm", "GetLifecyclePolicies", Several);
        table.Add("dlm", "UpdateLifecyclePolicy", call => Update(call, table.Lifecycle));
        table.Add("dlm", "DeleteLifecyclePolicy", Delete);
    }

    private static ApiException Invalid(string why) => new("InvalidRequestException", why);

    private static LifecyclePolicy Find(Call call)
    {
        var id = call.Input.Text("PolicyId")!;
        return call.Region.Policies.GetValueOrDefault(id) ?? throw new ApiException("ResourceNotFoundException", $"The policy with id '{id}' does not exist.", 404);
    }

    private static Fields Create(Call call, LifecycleKeeper keeper)
    {
        var input = call.Input;
        var tags = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (key, value) in input.Struct("Tags") ?? [])
            tags[key] = (string)value;
        var made = new LifecyclePolicy
        {
            Id = Ids.New("policy"),
            Description = input.Text("Description")!,
            RoleArn = input.Text("ExecutionRoleArn")!,
            State = input.Text("State")!,
            Details = Checked(input.Struct("PolicyDetails")),
            CreatedAt = call.Now,
            ModifiedAt = call.Now,
            Tags = tags,
        };
        call.Region.Policies[made.Id] = made;
        keeper.Arm(call.Region, made);
        return new Fields { ["PolicyId"] = made.Id };
    }

    private static Fields Update(Call call, LifecycleKeeper keeper)
    {
        var (policy, input) = (Find(call), call.Input);
        var details = input.Struct("PolicyDetails") is { } given ? Checked(given.FilledBy(policy.Details)) : policy.Details;
        (policy.Details, policy.ModifiedAt) = (details, call.Now);
        policy.Description = input.Text("Description") ?? policy.Description;
        policy.RoleArn = input.Text("ExecutionRoleArn") ?? policy.RoleArn;
        policy.State = input.Text("State") ?? policy.State;
        keeper.Arm(call.Region, policy);
        return [];
    }

    private static Fields Delete(Call call)
    {
        // Its snapshots stay (EBS user guide, "Delete lifecycle policies").
        call.Region.Policies.Remove(Find(call).Id);
        return [];
    }

    private static Fields Several(Call call)
    {
        var input = call.Input;
        var (ids, types, targets, added) = (input.Strings("PolicyIds"), input.Strings("ResourceTypes"), input.Strings("TargetTags"), input.Strings("TagsToAdd"));
        var found = call.Region.Policies.Values.Where(policy =>
            (ids.Count == 0 || ids.Contains(policy.Id))
            && (input.Text("State") is not { } state || policy.State == state)
            && (types.Count == 0 || policy.Details.Strings("ResourceTypes").Any(types.Contains))
            && targets.All(tag => Has(policy.Details.List("TargetTags"), tag))
            && added.All(tag => policy.Details.List("Schedules").Any(schedule => Has(schedule.List("TagsToAdd"), tag))));
        return new Fields
        {
            ["Policies"] = found.Select(policy => new Fields
            {
                ["PolicyId"] = policy.Id,
                ["Description"] = policy.Description,
                ["State"] = policy.State,
                ["Tags"] = Tags(policy),
                ["PolicyType"] = "EBS_SNAPSHOT_MANAGEMENT",
                ["DefaultPolicy"] = false,
            }).ToList(),
        };
    }

    private static bool Has(IReadOnlyList<Fields> tags, string pair) => tags.Any(tag => $"{tag.Text("Key")}={tag.Text("Value")}" == pair);

    private static Fields Checked(Fields? details)
    {
        if (details is null)
            throw Invalid("The sandbox has no default policies: PolicyDetails is needed.");
        if (details.Text("PolicyType") is not (null or "EBS_SNAPSHOT_MANAGEMENT"))
            throw Invalid("The sandbox has policies of the type EBS_SNAPSHOT_MANAGEMENT only.");
        if (details.Strings("ResourceTypes").Count != 1)
            throw Invalid("A policy needs exactly one resource type.");
        if (details.List("TargetTags").Count == 0)
            throw Invalid("A policy needs at least one target tag.");
        var schedules = details.List("Schedules");
        if (schedules.Count is < 1 or > 4)
            throw Invalid("A policy needs one to four schedules.");
        foreach (var schedule in schedules)
            Check(schedule);
        return details;
    }

    private static void Check(Fields schedule)
    {
        if (string.IsNullOrEmpty(schedule.Text("Name")))
            throw Invalid("Each schedule needs a name.");
        if (schedule.Struct("CreateRule")?.Int("Interval") is not { } hours || !s_hours.Contains(hours))
            throw Invalid($"The interval of the schedule '{schedule.Text("Name")}' must be one of {string.Join(", ", s_hours)} hours.");
        if (schedule.Struct("CreateRule")!.Strings("Times") is { Count: > 0 } times && (times.Count > 1 || !TimeOnly.TryParseExact(times[0], "HH:mm", out _)))
            throw Invalid("A schedule has one time, in the form hh:mm.");
        if (schedule.Struct("RetainRule") is not { } retain || (retain.Int("Count") is not (>= 1 and <= 1000) && retain.Int("Interval") is not >= 1))
            throw Invalid($"The schedule '{schedule.Text("Name")}' needs a rule for how many snapshots are kept, or how long.");
    }

    private static Fields Tags(LifecyclePolicy policy)
    {
        var tags = new Fields();
        foreach (var (key, value) in policy.Tags)
            tags[key] = value;
        return tags;
    }

    private static Fields Whole(Call call, LifecyclePolicy policy) => new()
    {
        ["PolicyId"] = policy.Id,
        ["Description"] = policy.Description,
        ["State"] = policy.State,
        ["StatusMessage"] = policy.State,
        ["ExecutionRoleArn"] = policy.RoleArn,
        ["DateCreated"] = policy.CreatedAt,
        ["DateModified"] = policy.ModifiedAt,
        ["PolicyDetails"] = policy.Details,
        ["Tags"] = Tags(policy),
        ["PolicyArn"] = $"arn:aws:dlm:{call.Facts.Name}:{call.AccountId}:policy/{policy.Id}",
        ["DefaultPolicy"] = false,
    };
}
