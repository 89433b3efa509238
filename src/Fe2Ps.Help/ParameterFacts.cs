using System.Text;

namespace Fe2Ps.Help;

/// <summary>How a parameter belongs to one parameter set.</summary>
public sealed record ParameterSetFacts(string Name, string Position, bool IsRequired, bool ByValue, bool ByName, bool Remaining);

/// <summary>What the yaml block under a parameter says; it repeats the code, and a test compares them.</summary>
public sealed record ParameterFacts(
    string Type, bool SupportsWildcards, IReadOnlyList<string> Aliases, IReadOnlyList<ParameterSetFacts> Sets, IReadOnlyList<string> AcceptedValues)
{
    /// <summary>The block's text, in PlatyPS 1.x order.</summary>
    public string ToYaml()
    {
        var yaml = new StringBuilder();
        yaml.Append("Type: ").Append(Type).Append('\n');
        yaml.Append("DefaultValue: ''\n");
        yaml.Append("SupportsWildcards: ").Append(Word(SupportsWildcards)).Append('\n');
        AppendList(yaml, "Aliases", Aliases);
        yaml.Append("ParameterSets:\n");
        foreach (ParameterSetFacts set in Sets)
        {
            yaml.Append("- Name: ").Append(set.Name).Append('\n');
            yaml.Append("  Position: ").Append(set.Position).Append('\n');
            yaml.Append("  IsRequired: ").Append(Word(set.IsRequired)).Append('\n');
            yaml.Append("  ValueFromPipeline: ").Append(Word(set.ByValue)).Append('\n');
            yaml.Append("  ValueFromPipelineByPropertyName: ").Append(Word(set.ByName)).Append('\n');
            yaml.Append("  ValueFromRemainingArguments: ").Append(Word(set.Remaining)).Append('\n');
        }

        yaml.Append("DontShow: false\n");
        AppendList(yaml, "AcceptedValues", AcceptedValues);
        yaml.Append("HelpMessage: ''");
        return yaml.ToString();
    }

    /// <summary>Reads a block that <see cref="ToYaml"/> wrote, or one written by hand in the same order.</summary>
    public static ParameterFacts Parse(string yaml, string file, string parameter)
    {
        string type = "";
        bool wildcards = false;
        List<string> aliases = [], values = [];
        var sets = new List<Dictionary<string, string>>();
        string list = "";
        foreach (string line in yaml.Split('\n'))
        {
            if (line.StartsWith("- ", StringComparison.Ordinal) && list is "Aliases" or "AcceptedValues" && !line.Contains(": ", StringComparison.Ordinal))
            {
                (list == "Aliases" ? aliases : values).Add(line[2..].Trim());
                continue;
            }

            int colon = line.IndexOf(':', StringComparison.Ordinal);
            if (colon < 0) throw new PageException(file, $"{parameter}: the yaml line '{line}' has no key");
            string key = line[..colon].Trim(), value = line[(colon + 1)..].Trim();
            if (key == "- Name") sets.Add(new(StringComparer.Ordinal) { ["Name"] = value });
            else if (line.StartsWith("  ", StringComparison.Ordinal) && sets.Count > 0) sets[^1][key] = value;
            else
            {
                list = key;
                if (key == "Type") type = value;
                if (key == "SupportsWildcards") wildcards = value == "true";
            }
        }

        return new ParameterFacts(type, wildcards, aliases, [.. sets.Select(s => new ParameterSetFacts(
            s["Name"],
            s.GetValueOrDefault("Position", "Named"),
            s.GetValueOrDefault("IsRequired") == "true",
            s.GetValueOrDefault("ValueFromPipeline") == "true",
            s.GetValueOrDefault("ValueFromPipelineByPropertyName") == "true",
            s.GetValueOrDefault("ValueFromRemainingArguments") == "true"))], values);
    }

    private static string Word(bool value) => value ? "true" : "false";

    private static void AppendList(StringBuilder yaml, string key, IReadOnlyList<string> values)
    {
        if (values.Count == 0) yaml.Append(key).Append(": []\n");
        else
        {
            yaml.Append(key).Append(":\n");
            foreach (string value in values) yaml.Append("- ").Append(value).Append('\n');
        }
    }
}
