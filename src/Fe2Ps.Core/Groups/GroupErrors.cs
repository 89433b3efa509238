using Amazon.AutoScaling;

namespace Fe2Ps.Core.Groups;

/// <summary>What can be wrong with groups, target groups and what belongs to them.</summary>
internal static class GroupErrors
{
    public static Fe2Exception Invalid(string id, string message, string nextStep, object? target) =>
        new(id, Fe2ErrorKind.InvalidArgument, message, nextStep, target);

    public static Fe2Exception Sizes(string message, string nextStep) => Invalid("GroupSizesInvalid", message, nextStep, null);

    public static Fe2Exception NotFound(string name, string region) => new(
        "GroupNotFound", Fe2ErrorKind.NotFound, $"There is no group '{name}' in {region}.",
        "Get-Fe2Group lists them; another region is named with -Region.", name);

    /// <summary>True where Auto Scaling knows no group of the name; it has no error code of its own for that.</summary>
    public static bool IsGone(AmazonAutoScalingException e) => e.ErrorCode == "ValidationError" && e.Message.Contains("not found", StringComparison.Ordinal);

    public static Fe2Exception Taken(string name) => new(
        "GroupNameTaken", Fe2ErrorKind.Ambiguous, $"There is a group '{name}' already.",
        $"Change it with Set-Fe2Group {name}, or choose another name.", name);

    public static Fe2Exception Deleting(string name) => new(
        "GroupEnding", Fe2ErrorKind.InvalidState, $"The group '{name}' is being deleted.",
        $"Remove-Fe2Group {name} waits until it is gone.", name);

    public static Fe2Exception TargetGroupNotFound(string name, IReadOnlyList<string> known) => new(
        "TargetGroupNotFound", Fe2ErrorKind.NotFound, $"There is no target group '{name}'.",
        known.Count > 0 ? $"There are: {string.Join(", ", known.Take(10))}." : "Make one with its load balancer in the AWS console, or leave -TargetGroup out.", name);

    public static Fe2Exception NotReady(string name, string state, TimeSpan timeout, string? reason) => new(
        "GroupNotReady", reason is null ? Fe2ErrorKind.Timeout : Fe2ErrorKind.Capacity,
        $"The group '{name}' is not complete after {timeout.TotalSeconds:0} s: {state}.{(reason is null ? "" : $" Auto Scaling says: {reason.TrimEnd('.')}.")}",
        "More types (-InstanceType a,b,c) find room more often; -Timeout waits longer, -KeepOnFailure leaves the group trying.", name);
}
