# Everything lives in a load context of the module's own (see src/Fe2Ps.Loader): only the loader enters PowerShell's.
$loader = 'Fe2Ps.Loader.ModuleLoadContext' -as [type]
if (-not $loader) {
    $loader = [System.Reflection.Assembly]::LoadFrom([System.IO.Path]::Combine($PSScriptRoot, 'bin', 'Fe2Ps.Loader.dll')).GetType('Fe2Ps.Loader.ModuleLoadContext')
}

$assembly = $loader::Load([System.IO.Path]::Combine($PSScriptRoot, 'bin', 'net8.0', 'Fe2Ps.dll'))
$binary = Import-Module -Assembly $assembly -PassThru

# PowerShell keeps the module object of an assembly that it has seen before and then hands out nothing of it to the
# module that asks again (PowerShell/PowerShell#20710), which is what Import-Module -Force does.
$self = $ExecutionContext.SessionState.Module
$flags = [System.Reflection.BindingFlags]'Instance, NonPublic'
foreach ($cmdlet in $binary.ExportedCmdlets.Values) {
    if (-not $self.ExportedCmdlets.ContainsKey($cmdlet.Name)) {
        $null = [psmoduleinfo].GetMethod('AddExportedCmdlet', $flags).Invoke($self, @(, $cmdlet))
    }
}
foreach ($alias in $binary.ExportedAliases.Values) {
    if (-not $self.ExportedAliases.ContainsKey($alias.Name)) {
        $null = [psmoduleinfo].GetMethod('AddExportedAlias', $flags).Invoke($self, @(, $alias))
    }
}
