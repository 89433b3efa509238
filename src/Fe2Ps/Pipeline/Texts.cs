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
}
