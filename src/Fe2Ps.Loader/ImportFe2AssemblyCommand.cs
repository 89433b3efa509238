using System.Management.Automation;
using System.Management.Automation.Runspaces;
using System.Reflection;
using Microsoft.PowerShell.Commands;

namespace Fe2Ps.Loader;

/// <summary>
/// The only line of <c>Fe2Ps.psm1</c>; the manifest does not export it. A cmdlet, because each method that a script calls makes
/// PowerShell write and compile code for that call: four such lines took as long as all the rest of an import.
/// </summary>
[Cmdlet(VerbsData.Import, "Fe2Assembly")]
public sealed class ImportFe2AssemblyCommand : PSCmdlet
{
    private static int s_imports;

    /// <summary>The folder of the manifest.</summary>
    [Parameter(Mandatory = true, Position = 0)]
    public string Folder { get; set; } = string.Empty;

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        if (ModuleFace.Refuse(Folder) is { } refusal)
            ThrowTerminatingError(new ErrorRecord(new InvalidOperationException(refusal), "OtherCopyInUse", ErrorCategory.ResourceExists, Folder));

        Assembly assembly = ModuleFace.Load(Folder);
        using PowerShell shell = PowerShell.Create(RunspaceMode.CurrentRunspace);
        // By its type, not by its name: that would import Microsoft.PowerShell.Utility first, which takes longer than all the rest.
        shell.AddCommand(new CmdletInfo("Update-TypeData", Type.GetType("Microsoft.PowerShell.Commands.UpdateTypeDataCommand, Microsoft.PowerShell.Commands.Utility", throwOnError: true)))
            .AddParameter("TypeData", ModuleFace.Members(assembly)).AddParameter("Force")
            .AddStatement()
            .AddCommand(new CmdletInfo("Import-Module", typeof(ImportModuleCommand)))
            .AddParameter("Assembly", new[] { assembly }).AddParameter("PassThru").AddParameter("DisableNameChecking");
        var imported = shell.Invoke<PSModuleInfo>();
        if (shell.Streams.Error.Count > 0) ThrowTerminatingError(shell.Streams.Error[0]);
        if (Interlocked.Increment(ref s_imports) > 1) ModuleFace.Export(SessionState.Module, imported.Single());
    }
}
