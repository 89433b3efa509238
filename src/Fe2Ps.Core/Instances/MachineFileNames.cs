using Amazon.EC2.Model;

namespace Fe2Ps.Core.Instances;

/// <summary>Names of files and folders that stand for machines, one for each, whatever the machines are called.</summary>
public static class MachineFileNames
{
    /// <summary>
    /// The name for each instance, by its id: its own name, or its id. What no file system takes becomes <c>_</c>; where several would have the
    /// same name, upper and lower case being one, each has its id behind it.
    /// </summary>
    /// <param name="instances">The machines, each once.</param>
    public static IReadOnlyDictionary<string, string> For(IReadOnlyList<Instance> instances)
    {
        var names = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (IGrouping<string, Instance> same in instances.GroupBy(i => Plain(InstanceFacts.NameOf(i) ?? i.InstanceId), StringComparer.OrdinalIgnoreCase))
        {
            bool alone = same.Count() == 1;
            foreach (Instance instance in same)
                names[instance.InstanceId] = alone ? same.Key : $"{Plain(InstanceFacts.NameOf(instance) ?? instance.InstanceId)}-{instance.InstanceId}";
        }

        return names;
    }

    private static string Plain(string name)
    {
        char[] bad = Path.GetInvalidFileNameChars();
        string plain = new([.. name.Select(c => bad.Contains(c) ? '_' : c)]);
        return plain is "." or ".." ? "_" : plain;
    }
}
