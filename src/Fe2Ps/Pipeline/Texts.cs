using System.Collections;
using System.Management.Automation;

namespace Fe2Ps.Pipeline;

/// <summary>PowerShell's loose values as text.</summary>
internal static class Texts
{
    /// <summary>A hashtable's keys and values as PowerShell would write them.</summary>
    public static Dictionary<string, string> Dictionary(Hashtable? table)
    {
        var result = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (DictionaryEntry entry in table ?? []) result[$"{entry.Key}"] = LanguagePrimitives.ConvertTo<string>(entry.Value) ?? "";
        return result;
    }

    /// <summary>What came down a pipeline, for a message.</summary>
    public static string Quoted(PSObject? input) => input is null ? "$null" : $"'{input}'";

    /// <summary>
    /// The name in an object that somebody made by hand or read from a file, or null. For cmdlets that only look: another thing's name
    /// never stands for what is to be changed.
    /// </summary>
    public static string? NameIn(PSObject input) =>
        input.BaseObject is PSCustomObject && input.Properties["Name"]?.Value is string { Length: > 0 } name ? name : null;
}
