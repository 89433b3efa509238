using Amazon.AutoScaling.Model;

namespace Fe2Ps.Core.Groups;

/// <summary>How many machines: the least, the number to keep, the most.</summary>
internal sealed record GroupSizes(int Min, int Desired, int Max)
{
    /// <summary>Far above what anyone has; a slip of the finger is not to cost a fortune.</summary>
    private const int Most = 1000;

    public static GroupSizes Of(GroupRequest request)
    {
        int desired = request.Desired ?? Math.Min(request.Min, request.Max ?? request.Min);
        return new GroupSizes(request.Min, desired, request.Max ?? Math.Max(desired, request.Min)).Checked();
    }

    /// <summary>The sizes after a change. A number to keep that was not given follows the bounds.</summary>
    public static GroupSizes Of(AutoScalingGroup group, GroupChange change)
    {
        int min = change.Min ?? group.MinSize ?? 0;
        int max = change.Max ?? group.MaxSize ?? min;
        int desired = change.Desired ?? Math.Max(min, Math.Min(group.DesiredCapacity ?? min, max));
        return new GroupSizes(min, desired, max).Checked();
    }

    private GroupSizes Checked()
    {
        if (Min < 0 || Max > Most)
            throw GroupErrors.Sizes($"A group has 0 to {Most} machines, not {Min} to {Max}.", "Give -Min and -Max within that.");
        if (Min > Max)
            throw GroupErrors.Sizes($"The least number {Min} is above the largest {Max}.", $"Give -Max {Min} or more, or a smaller -Min.");
        return Desired >= Min && Desired <= Max
            ? this
            : throw GroupErrors.Sizes(
                $"{Desired} machines are not between the least number {Min} and the largest {Max}.",
                Desired > Max ? $"Give -Max {Desired} or more as well." : $"Give -Min {Desired} or less as well.");
    }
}
