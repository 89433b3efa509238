#Requires -Version 7.4
# Runs every Pester test against a packaged module folder: pwsh tests/Pester/Run.ps1 [-Module out/Fe2Ps/VERSION] [-Name PATTERN]
[CmdletBinding()]
param(
    # The packaged folder; without it FE2_MODULE, else the newest under out/Fe2Ps.
    [string] $Module = $env:FE2_MODULE,

    # A file to which the counts are written.
    [string] $Summary,

    # Only test files whose names match.
    [string] $Name = '*'
)

$ErrorActionPreference = 'Stop'
# Not by #Requires: a script that requires modules loses its exit code.
Import-Module Pester -MinimumVersion 5.0
if (-not $Module) {
    $out = [System.IO.Path]::Combine($PSScriptRoot, '..', '..', 'out', 'Fe2Ps')
    $Module = Get-ChildItem -Path $out -Directory | Sort-Object Name | Select-Object -Last 1 -ExpandProperty FullName
}

$env:FE2_MODULE = (Resolve-Path -LiteralPath $Module).Path
$configuration = New-PesterConfiguration
$configuration.Run.Path = (Get-ChildItem -Path $PSScriptRoot -Filter '*.Tests.ps1' | Where-Object Name -Like $Name).FullName
$configuration.Run.PassThru = $true
$configuration.Output.Verbosity = 'Detailed'
$result = Invoke-Pester -Configuration $configuration
if (-not $result) { throw "no test file is called $Name" }
$failed = $result.FailedCount + $result.FailedBlocksCount + $result.FailedContainersCount
$counts = "Pester: $($result.PassedCount) passed, $failed failed, $($result.SkippedCount) skipped"
$named = @(
    foreach ($test in $result.Skipped) { "skipped: $($test.ExpandedPath)" }
    foreach ($test in $result.Failed) { "failed: $($test.ExpandedPath)" }
    foreach ($block in $result.FailedBlocks) { "failed: the block $($block.ExpandedPath)" }
    foreach ($file in $result.FailedContainers) { "failed: $($file.Item.Name)" }
)
$named
if ($Summary) { Set-Content -LiteralPath $Summary -Value (@($counts) + $named) }
$counts
exit ($failed -gt 0 ? 1 : 0)
