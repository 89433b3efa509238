using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;
using System.Text;
using Fe2Ps.Core;
using Fe2Ps.Core.Commands;

namespace Fe2Ps.Commands;

/// <summary>
/// A script block that runs in the pwsh of a machine. Its text travels, with its arguments and the values of its
/// <c>$using:</c> variables; back come the objects of every stream as CLIXML, one a line.
/// </summary>
internal static class RemoteScriptBlock
{
    /// <summary>How a line begins that is an object: what programs write past PowerShell hardly ever does.</summary>
    public const string Mark = "\u001efe2:";

    private const string UsingPrefix = "__fe2_using_";

    /// <summary>How deep objects are sent. PowerShell's own remoting takes 1, with exceptions for what it knows; 2 keeps small records whole.</summary>
    private const int Depth = 2;

    private const string Program = """
        $ProgressPreference = 'SilentlyContinue'
        $fe2 = [System.Management.Automation.PSSerializer]::Deserialize([System.Text.Encoding]::UTF8.GetString([System.Convert]::FromBase64String([Console]::In.ReadToEnd())))
        $fe2Console = [Console]::OpenStandardOutput()
        $fe2Send = {
            param($kind, $value)
            $xml = [System.Management.Automation.PSSerializer]::Serialize($value, $fe2.Depth)
            $line = [System.Text.Encoding]::ASCII.GetBytes("$([char] 0x1e)fe2:$kind$([System.Convert]::ToBase64String([System.Text.Encoding]::UTF8.GetBytes($xml)))`n")
            $fe2Console.Write($line, 0, $line.Length)
            $fe2Console.Flush()
        }
        foreach ($fe2Name in $fe2.Using.Keys) { Set-Variable -Name $fe2Name -Value $fe2.Using[$fe2Name] }
        $fe2Arguments = @($fe2.Arguments)
        $fe2Code = 0
        $global:LASTEXITCODE = 0
        try {
            & ([scriptblock]::Create($fe2.Script)) @fe2Arguments *>&1 | ForEach-Object {
                $fe2Item = $_
                if ($fe2Item -is [System.Management.Automation.ErrorRecord]) {
                    & $fe2Send 'E' @{ Message = "$fe2Item"; Id = $fe2Item.FullyQualifiedErrorId; Category = "$($fe2Item.CategoryInfo.Category)"; Target = "$($fe2Item.TargetObject)" }
                }
                elseif ($fe2Item -is [System.Management.Automation.WarningRecord]) { & $fe2Send 'W' $fe2Item.Message }
                elseif ($fe2Item -is [System.Management.Automation.VerboseRecord]) { & $fe2Send 'V' $fe2Item.Message }
                elseif ($fe2Item -is [System.Management.Automation.DebugRecord]) { & $fe2Send 'D' $fe2Item.Message }
                elseif ($fe2Item -is [System.Management.Automation.InformationRecord]) {
                    if ($fe2Item.MessageData -is [System.Management.Automation.HostInformationMessage]) { & $fe2Send 'H' "$($fe2Item.MessageData)" }
                    else { & $fe2Send 'I' $fe2Item.MessageData }
                }
                else { & $fe2Send 'O' $fe2Item }
            }
            $fe2Code = $global:LASTEXITCODE
        }
        catch {
            & $fe2Send 'T' "$_"
            $fe2Code = 1
        }
        exit $fe2Code
        """;

    /// <summary>The command for a script block.</summary>
    /// <param name="block">The script block.</param>
    /// <param name="arguments">Its arguments.</param>
    /// <param name="variable">Reads a variable of the caller, which may be null, or says that there is none; called on the pipeline thread.</param>
    /// <exception cref="Fe2Exception"><c>UsingNotFound</c>: there is no such variable here.</exception>
    public static RemoteCommand Command(ScriptBlock block, object[] arguments, Func<string, (bool IsThere, object? Value)> variable)
    {
        (string text, Hashtable values) = Capture(block, variable);
        var load = new Hashtable { ["Script"] = text, ["Arguments"] = arguments, ["Using"] = values, ["Depth"] = Depth };
        string xml = PSSerializer.Serialize(load, Depth + 1);
        return RemoteCommand.FromPowerShell(Program, Encoding.ASCII.GetBytes(Convert.ToBase64String(Encoding.UTF8.GetBytes(xml))));
    }

    /// <summary>The error of a machine that cannot run PowerShell.</summary>
    public static Fe2Exception NoPowerShell(string name, string instanceId) => new(
        "RemotePowerShellMissing", Fe2ErrorKind.NotInstalled, $"{name} has no pwsh, so it cannot run a script block.",
        "Use -Command for a line of its own shell or -FilePath for a script, or install PowerShell there.", instanceId);

    /// <summary>The text with plain variables in the place of <c>$using:</c> ones, and their values.</summary>
    private static (string Text, Hashtable Values) Capture(ScriptBlock block, Func<string, (bool IsThere, object? Value)> variable)
    {
        var values = new Hashtable(StringComparer.OrdinalIgnoreCase);
        if (block.Ast is not ScriptBlockAst body) return (block.ToString(), values);
        string text = body.Extent.Text;
        IEnumerable<UsingExpressionAst> used = body.FindAll(a => a is UsingExpressionAst, searchNestedScriptBlocks: true)
            .Cast<UsingExpressionAst>().OrderByDescending(a => a.Extent.StartOffset);
        foreach (UsingExpressionAst one in used)
        {
            // In $using:a.Length the whole is what is used, and only its beginning is the variable.
            VariableExpressionAst its = UsingExpressionAst.ExtractUsingVariable(one);
            string name = its.VariablePath.UserPath;
            (bool isThere, object? value) = variable(name);
            values[UsingPrefix + name] = isThere ? value : throw new Fe2Exception(
                "UsingNotFound", Fe2ErrorKind.NotFound, $"The script block uses $using:{name}, and there is no ${name} here.", $"Give ${name} a value first.", name);
            int from = its.Extent.StartOffset - body.Extent.StartOffset;
            string put = text[from] == '@' ? $"@{UsingPrefix}{name}" : $"${{{UsingPrefix}{name}}}";
            text = string.Concat(text.AsSpan(0, from), put, text.AsSpan(its.Extent.EndOffset - body.Extent.StartOffset));
        }

        // A literal's extent holds its braces.
        return (body.Parent is ScriptBlockExpressionAst && text is ['{', .., '}'] ? text[1..^1] : text, values);
    }
}
