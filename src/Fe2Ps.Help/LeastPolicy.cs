using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Fe2Ps.Help;

/// <summary>
/// The least IAM policy: of the operations in <c>models/operations.txt</c> those that the module's code refers to. Operations
/// that only tests and the sandbox need are not in it.
/// </summary>
public static partial class LeastPolicy
{
    /// <summary>The page with the policy, brought up to date: the block of json in it.</summary>
    /// <param name="page">The page's text.</param>
    /// <param name="policy">The policy.</param>
    public static string Page(string page, string policy) =>
        Block().Replace(page, _ => $"```json\n{policy}\n```", 1);

    /// <summary>The policy as IAM takes it, one action a line.</summary>
    /// <param name="assemblyPath">The code that calls the clients.</param>
    /// <param name="modelsFolder">The folder with <c>operations.txt</c> and <c>names.json</c>.</param>
    public static string Write(string assemblyPath, string modelsFolder)
    {
        HashSet<(string Namespace, string Operation)> called = Called(assemblyPath);
        using JsonDocument names = JsonDocument.Parse(File.ReadAllText(Path.Combine(modelsFolder, "names.json")));
        var reading = new SortedSet<string>(StringComparer.Ordinal);
        var changing = new SortedSet<string>(StringComparer.Ordinal);
        foreach (string line in File.ReadLines(Path.Combine(modelsFolder, "operations.txt")))
        {
            if (line.StartsWith('#') || line.Split(' ') is not [var service, var operation]) continue;
            if (!called.Contains((names.RootElement.GetProperty(service).GetProperty("namespace").GetString()!, operation))) continue;
            (Reads(operation) ? reading : changing).Add($"{Prefix(service)}:{operation}");
        }

        // EC2 asks for it wherever a call that creates something names tags.
        if (changing.Count > 0) changing.Add("ec2:CreateTags");
        // So do these; and whoever hands a role to a service must be allowed to.
        if (changing.Contains("iam:CreateRole")) changing.UnionWith(["iam:PassRole", "iam:TagRole"]);
        if (changing.Contains("iam:CreateInstanceProfile")) changing.Add("iam:TagInstanceProfile");
        if (changing.Contains("dlm:CreateLifecyclePolicy")) changing.Add("dlm:TagResource");
        if (changing.Contains("elasticfilesystem:CreateFileSystem")) changing.Add("elasticfilesystem:TagResource");
        // EFS makes and removes a network interface for a mount target in the caller's name (EFS API reference, CreateMountTarget and DeleteMountTarget).
        if (changing.Contains("elasticfilesystem:CreateMountTarget"))
        {
            changing.Add("ec2:CreateNetworkInterface");
            reading.UnionWith(["ec2:DescribeNetworkInterfaces", "ec2:DescribeSubnets"]);
        }

        if (changing.Contains("elasticfilesystem:DeleteMountTarget")) changing.Add("ec2:DeleteNetworkInterface");
        var text = new StringBuilder("{\n  \"Version\": \"2012-10-17\",\n  \"Statement\": [\n");
        Append(text, "Look", reading, isLast: changing.Count == 0);
        if (changing.Count > 0) Append(text, "Change", changing, isLast: true);
        return text.Append("  ]\n}").ToString();
    }

    private static void Append(StringBuilder text, string sid, IEnumerable<string> actions, bool isLast) => text
        .Append("    {\n      \"Sid\": \"").Append(sid).Append("\",\n      \"Effect\": \"Allow\",\n      \"Action\": [\n        ")
        .AppendJoin(",\n        ", actions.Select(a => $"\"{a}\""))
        .Append("\n      ],\n      \"Resource\": \"*\"\n    }").Append(isLast ? "\n" : ",\n");

    private static bool Reads(string operation) =>
        operation.StartsWith("Describe", StringComparison.Ordinal) || operation.StartsWith("Get", StringComparison.Ordinal) || operation.StartsWith("Decode", StringComparison.Ordinal);

    /// <summary>IAM calls two services otherwise than their endpoints do.</summary>
    private static string Prefix(string service) => service switch
    {
        "elbv2" => "elasticloadbalancing",
        "efs" => "elasticfilesystem",
        _ => service,
    };

    /// <summary>The client operations that an assembly refers to: <c>XAsync</c> of a client, or <c>X</c> of its paginators.</summary>
    private static HashSet<(string Namespace, string Operation)> Called(string assemblyPath)
    {
        using var file = new PEReader(File.OpenRead(assemblyPath));
        MetadataReader code = file.GetMetadataReader();
        var called = new HashSet<(string, string)>();
        foreach (MemberReferenceHandle handle in code.MemberReferences)
        {
            MemberReference member = code.GetMemberReference(handle);
            if (member.Parent.Kind != HandleKind.TypeReference) continue;
            TypeReference type = code.GetTypeReference((TypeReferenceHandle)member.Parent);
            string name = code.GetString(member.Name), space = code.GetString(type.Namespace);
            if (!space.StartsWith("Amazon.", StringComparison.Ordinal)) continue;
            if (name.EndsWith("Async", StringComparison.Ordinal)) called.Add((space, name[..^"Async".Length]));
            else if (space.EndsWith(".Model", StringComparison.Ordinal)) called.Add((space[..^".Model".Length], name));
        }

        return called;
    }

    [GeneratedRegex("```json\n.*?\n```", RegexOptions.Singleline)]
    private static partial Regex Block();
}
