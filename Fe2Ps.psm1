# Everything lives in a load context of the module's own (see src/Fe2Ps.Loader): only the loader enters PowerShell's.
# Short on purpose: what a script does here costs every import more than compiled code would.
$loader = try { [System.Reflection.Assembly]::LoadFrom("$PSScriptRoot/bin/Fe2Ps.Loader.dll").GetType('Fe2Ps.Loader.ModuleFace') }
catch [System.IO.FileLoadException] { [Fe2Ps.Loader.ModuleFace] } # of another folder's copy, which is in PowerShell's context for good
if ($refusal = $loader::Refuse($PSScriptRoot)) { throw $refusal }
$assembly = $loader::Load($PSScriptRoot)
# Not by its name: that would import Microsoft.PowerShell.Utility first, which takes longer than all the rest.
& $ExecutionContext.InvokeCommand.GetCmdletByTypeName('Microsoft.PowerShell.Commands.UpdateTypeDataCommand, Microsoft.PowerShell.Commands.Utility') -Force -TypeData ($loader::Members($assembly))
$loader::Export($ExecutionContext.SessionState.Module, (Import-Module -Assembly $assembly -PassThru))
