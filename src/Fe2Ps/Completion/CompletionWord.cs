using System.Management.Automation;
using System.Management.Automation.Language;

namespace Fe2Ps.Completion;

/// <summary>The word at the cursor, and words that can stand at it.</summary>
internal static class CompletionWord
{
    /// <summary>The word without the quotes that the user may have begun it with.</summary>
    public static string Bare(string? word) => (word ?? "").Trim('\'', '"');

    /// <summary>A completion that is quoted where PowerShell would take it apart.</summary>
    public static CompletionResult Result(string text, string list, string? tip)
    {
        bool plain = text.Length > 0 && text[0] is not ('-' or '@') && text.All(c => char.IsLetterOrDigit(c) || c is '-' or '_' or '.' or '/' or ':');
        string insert = plain ? text : $"'{CodeGeneration.EscapeSingleQuotedStringContent(text)}'";
        return new CompletionResult(insert, list, CompletionResultType.ParameterValue, string.IsNullOrEmpty(tip) ? list : tip);
    }
}
