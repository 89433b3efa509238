BeforeDiscovery {
    Import-Module (Join-Path $env:FE2_MODULE 'Fe2Ps.psd1')
    $noTerminal = -not (Get-Command script, stty -ErrorAction Ignore).Count -eq 2
    # What PowerShell itself shows, and jobs, which show as jobs do.
    $own = 'System.String', 'System.Void', 'System.Byte[]', 'System.IO.FileInfo', 'System.IO.DirectoryInfo', 'System.Management.Automation.PSObject', 'Fe2Ps.Commands.BackgroundJob', 'System.Management.Automation.Job'
    $types = (Get-Command -Module Fe2Ps -CommandType Cmdlet).OutputType.Type.FullName | Where-Object { $_ -and $_ -notin $own } | Sort-Object -Unique | ForEach-Object { @{ Type = $_ } }
}

Describe 'What the cmdlets give' {
    BeforeAll {
        . (Join-Path $PSScriptRoot 'Common.ps1')
        . (Join-Path $PSScriptRoot 'World.ps1')
        Initialize-Fe2Test
        New-Fe2Record

        # The name that an object's view goes by, where it is not that of its type.
        $views = @{
            'Amazon.EC2.Model.Instance' = 'Fe2Ps.Instance'; 'Amazon.EC2.Model.Image' = 'Fe2Ps.Image'; 'Amazon.EC2.Model.Volume' = 'Fe2Ps.Volume'
            'Amazon.EC2.Model.Snapshot' = 'Fe2Ps.Snapshot'; 'Fe2Ps.Core.Scripts.Job' = 'Fe2Ps.Script'; 'Fe2Ps.Core.Prices.OnDemandPrice' = 'Fe2Ps.Price'
            'Fe2Ps.Core.TypeSearching.TypeOffer' = 'Fe2Ps.TypeOffer'; 'Fe2Ps.Core.Costs.CostItem' = 'Fe2Ps.Cost'; 'Fe2Ps.Core.Costs.CostSum' = 'Fe2Ps.CostSum'
            'Fe2Ps.Core.Files.CopyResult' = 'Fe2Ps.CopyResult'; 'Fe2Ps.Core.Spot.InstanceEvent' = 'Fe2Ps.InstanceEvent'
            'Amazon.AutoScaling.Model.AutoScalingGroup' = 'Fe2Ps.Group'; 'Amazon.ElasticFileSystem.Model.FileSystemDescription' = 'Fe2Ps.FileSystem'
            'Fe2Ps.Core.Backups.Backup' = 'Fe2Ps.Backup'
        }

        # In a terminal of so many columns, each kind of output as text, and as JSON.
        $show = Join-Path $script:Fe2TestFolder 'show.ps1'
        Set-Content $show @'
param($Module, $File)
$ProgressPreference = 'SilentlyContinue'
$WarningPreference = 'SilentlyContinue'
Import-Module "$Module/Fe2Ps.psd1"
$PSStyle.OutputRendering = 'Ansi'
$kinds = [ordered]@{
    Instance = { Get-Fe2Instance }; Image = { Get-Fe2Ami -Own }; Ubuntu = { Get-Fe2Ami }; Volume = { Get-Fe2Volume -IncludeRoot }; Snapshot = { Get-Fe2Snapshot }
    Price = { Get-Fe2Price m5 }; SpotPrice = { Get-Fe2SpotPrice m5.large }; Day = { Get-Fe2SpotPrice m5.large -Daily }
    Offer = { Find-Fe2InstanceType -Gpu 1 -Spot -First 3 }; Cost = { Get-Fe2Cost }; Sum = { Get-Fe2Cost -GroupBy Kind }
    Region = { Get-Fe2Region us-* }; Default = { Get-Fe2Default }
}
$all = foreach ($kind in $kinds.Keys) {
    $values = @(& $kinds[$kind])
    [pscustomobject]@{
        Kind = $kind; Type = $values[0].PSObject.BaseObject.GetType().FullName; Width = $Host.UI.RawUI.WindowSize.Width
        Table = $values | Format-Table | Out-String; List = $values | Format-List | Out-String
        Plain = $($PSStyle.OutputRendering = 'PlainText'; $values | Out-String)
        Json = $values[0] | ConvertTo-Json -Compress; Deep = $values[0] | ConvertTo-Json -Depth 3 -Compress
    }
    $PSStyle.OutputRendering = 'Ansi'
}
ConvertTo-Json @($all) | Set-Content $File
'@
        $variables = (Get-Fe2Sandbox -Current).Environment
        foreach ($name in $variables.Keys) { [Environment]::SetEnvironmentVariable($name, $variables[$name]) }

        function Get-Shown([int] $Width) {
            $file = Join-Path $script:Fe2TestFolder "shown-$Width.json"
            $line = "stty cols $Width rows 50; '$((Get-Process -Id $PID).Path)' -NoProfile -File '$show' '$env:FE2_MODULE' '$file'"
            $null = bash -c 'TERM=xterm script -qec "$0" /dev/null < /dev/null' $line
            Get-Content -Raw $file | ConvertFrom-Json
        }

        # The labels of a kind's table, from the format file itself.
        function Get-Label([string] $Type) {
            $view = (Get-FormatData ($views[$Type] ?? $Type) -PowerShellVersion $PSVersionTable.PSVersion).FormatViewDefinition | Where-Object Control -Is [System.Management.Automation.TableControl] | Select-Object -First 1
            $view.Control.Headers.Label
        }
    }

    AfterAll {
        foreach ($name in $variables.Keys) { [Environment]::SetEnvironmentVariable($name, $null) }
        Clear-Fe2Test
    }

    It '<Type> has a table and a list' -ForEach $types {
        $controls = (Get-FormatData ($views[$Type] ?? $Type) -PowerShellVersion $PSVersionTable.PSVersion).FormatViewDefinition.Control
        @($controls | Where-Object { $_ -is [System.Management.Automation.TableControl] }).Count | Should -Be 1
        @($controls | Where-Object { $_ -is [System.Management.Automation.ListControl] }).Count | Should -Be 1
    }

    It 'shows every column in a window of <Width> columns, and says that it is a sandbox' -Skip:$noTerminal -ForEach @{ Width = 80 }, @{ Width = 200 } {
        foreach ($one in Get-Shown $Width) {
            $one.Width | Should -Be $Width
            $lines = [System.Management.Automation.Internal.StringDecorated]::new($one.Table).ToString('PlainText') -split "`r?`n"
            foreach ($line in $lines) { $line.Length | Should -BeLessOrEqual $Width -Because $one.Kind }
            $head = $lines | Where-Object { $_ -match '^\s*\S' -and $_ -notmatch 'SANDBOX|prices .* old' } | Select-Object -First 1
            foreach ($label in Get-Label $one.Type) { $head -split '\s+' | Should -Contain $label -Because "$($one.Kind): $head" }
            if ($one.Kind -ne 'Default') {
                $one.Table | Should -BeLike '*SANDBOX*' -Because $one.Kind
                $one.List | Should -BeLike '*SANDBOX*' -Because $one.Kind
            }

            # Colour where the host has it, and none where it is not wanted.
            $one.Table | Should -BeLike "*`e``[*" -Because $one.Kind
            $one.Plain | Should -Not -BeLike "*`e``[*" -Because $one.Kind
            # An instance is the largest: all that EC2 says of it, and the tags of its launch.
            foreach ($json in $one.Json, $one.Deep) {
                $json.Length | Should -BeLessThan 4500 -Because $one.Kind
                $json | Should -Not -Match 'Ticks|k__BackingField' -Because $one.Kind
                ($json | ConvertFrom-Json).PSObject.Properties.Name.Count | Should -BeGreaterThan 2
            }
        }
    }

    It 'is plain where it is redirected' {
        $file = Join-Path $TestDrive 'redirected'
        Get-Fe2Instance > $file
        $text = Get-Content -Raw $file
        $text | Should -BeLike '*od1*'
        $text | Should -Not -BeLike "*`e``[*"
    }

    It 'is never a layout, always an object' {
        foreach ($value in (Get-Fe2Instance), (Get-Fe2Default), (Get-Fe2Sandbox), (Get-Fe2Cost), (Get-Fe2Price m5)) {
            foreach ($name in $value.ForEach({ $_.GetType().FullName })) { $name | Should -Not -Match 'Internal\.Format' }
        }
    }
}
