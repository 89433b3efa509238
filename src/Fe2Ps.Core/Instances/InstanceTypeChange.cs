using Amazon.EC2.Model;
using Fe2Ps.Core.Sessions;

namespace Fe2Ps.Core.Instances;

/// <summary>Gives stopped instances another type.</summary>
public sealed class InstanceTypeChange(Fe2Session session)
{
    private readonly InstanceTypes types = new(session);

    /// <summary>Changes the type. What would be refused, or could not start afterwards, is told before anything is changed.</summary>
    /// <returns>The instances, their type brought up to date; and a problem for each that cannot have it.</returns>
    /// <exception cref="Fe2Exception"><c>InstanceTypeNotFound</c>.</exception>
    public async Task<InstanceSelection> SetAsync(
        IReadOnlyList<Instance> instances, string type, CancellationToken cancellationToken = default)
    {
        Task<InstanceTypeInfo> asking = types.GetAsync(type, cancellationToken);
        Task<IReadOnlySet<string>> zonesAsking = types.ZonesOfAsync(type, cancellationToken);
        InstanceTypeInfo facts = await asking.ConfigureAwait(false);
        IReadOnlySet<string> zones = await zonesAsking.ConfigureAwait(false);
        var done = new List<Instance>();
        var problems = new List<Fe2Exception>();
        IReadOnlyDictionary<string, Instance> now = (await session.GuardAsync("look at the instances", null,
            () => new InstanceQuery(session).ByIdsAsync([.. instances.Select(i => i.InstanceId)], cancellationToken)).ConfigureAwait(false))
            .ToDictionary(i => i.InstanceId);
        foreach (Instance given in instances.DistinctBy(i => i.InstanceId))
        {
            Instance instance = now.GetValueOrDefault(given.InstanceId, given);
            if (WhyNot(instance, facts, zones) is { } problem)
            {
                problems.Add(problem);
                continue;
            }

            try
            {
                if (instance.InstanceType?.Value != facts.InstanceType.Value)
                {
                    await session.GuardAsync($"make {InstanceFacts.Label(instance)} a {type}", instance.InstanceId, () => session.Ec2.ModifyInstanceAttributeAsync(
                        new ModifyInstanceAttributeRequest { InstanceId = instance.InstanceId, InstanceType = facts.InstanceType.Value }, cancellationToken)).ConfigureAwait(false);
                    instance.InstanceType = facts.InstanceType;
                }

                done.Add(instance);
            }
            catch (Fe2Exception refused) when (refused.Kind is not (Fe2ErrorKind.Security or Fe2ErrorKind.Connection))
            {
                problems.Add(refused);
            }
        }

        return new InstanceSelection(done, problems);
    }

    private static Fe2Exception? WhyNot(Instance instance, InstanceTypeInfo type, IReadOnlySet<string> zones)
    {
        string label = InstanceFacts.Label(instance);
        string state = InstanceFacts.StateOf(instance);
        string name = InstanceFacts.NameOf(instance) ?? instance.InstanceId;
        if (InstanceFacts.IsSpot(instance))
        {
            return new("SpotTypeFixed", Fe2ErrorKind.InvalidState, $"{label} is a spot instance; its type cannot be changed.",
                $"Launch a new one: New-Fe2Instance NAME -InstanceType {type.InstanceType.Value} -Spot", instance.InstanceId);
        }

        if (state != "stopped")
        {
            return new("InstanceNotStopped", Fe2ErrorKind.InvalidState, $"{label} is {state}; the type can be changed only while it is stopped.",
                $"Stop-Fe2Instance {name} -PassThru | Wait-Fe2Instance -State stopped | Set-Fe2InstanceType {type.InstanceType.Value}", instance.InstanceId);
        }

        List<string> architectures = InstanceTypes.ArchitecturesOf(type);
        if (instance.Architecture is { } architecture && architectures.Count > 0 && !architectures.Contains(architecture.Value))
        {
            return new("TypeArchitecture", Fe2ErrorKind.InvalidArgument,
                $"{type.InstanceType.Value} is for {string.Join(", ", architectures)}; the disk of {label} is for {architecture.Value}.",
                $"Choose a type for {architecture.Value}.", instance.InstanceId);
        }

        string? zone = instance.Placement?.AvailabilityZone;
        if (zone is not null && !zones.Contains(zone))
        {
            return new("TypeNotInZone", Fe2ErrorKind.InvalidArgument, $"{type.InstanceType.Value} is not offered in {zone}, where {label} is.",
                zones.Count > 0 ? $"It is offered in {string.Join(", ", zones.Order(StringComparer.Ordinal))}; choose another type, or launch a new instance there." : "Choose another type.",
                instance.InstanceId);
        }

        return null;
    }
}
