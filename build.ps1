#!/usr/bin/env pwsh
# The tasks of the project: ./build.ps1 TASK; without a task it lists them. The work is done by tools/Fe2Ps.Build.
$ErrorActionPreference = 'Stop'
$env:DOTNET_NOLOGO = '1'
$env:DOTNET_CLI_TELEMETRY_OPTOUT = '1'
if (-not (Get-Command dotnet -ErrorAction Ignore)) {
    throw 'The .NET 10 SDK is needed: https://learn.microsoft.com/dotnet/core/install'
}
$built = dotnet build (Join-Path $PSScriptRoot 'tools/Fe2Ps.Build') -c Release -v q --tl:off
if ($LASTEXITCODE -ne 0) { $built; exit $LASTEXITCODE }
dotnet (Join-Path $PSScriptRoot 'tools/Fe2Ps.Build/bin/Release/net10.0/Fe2Ps.Build.dll') @args
exit $LASTEXITCODE
