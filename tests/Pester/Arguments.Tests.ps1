Describe 'What is given to the cmdlets' {
    BeforeAll {
        . (Join-Path $PSScriptRoot 'Common.ps1')
        Initialize-Fe2Test
        $null = Start-Fe2Sandbox -Hosts None -Speed Fast
        $null = 'one', 'two' | New-Fe2Instance -NoWait
        $one = Get-Fe2Instance one
        $both = Get-Fe2Instance one, two
        $null = $both | Wait-Fe2Instance -Timeout 30
    }

    AfterAll { Clear-Fe2Test }

    Context 'nothing' {
        It 'is refused where it would select everything: <Text>' -ForEach @(
            'Get-Fe2Instance @()', 'Get-Fe2Instance -State @()', 'Get-Fe2Instance -Filter @{}', 'Get-Fe2Script @()', 'Get-Fe2Script -Instance @()', 'Get-Fe2Region @()', 'Get-Fe2Default @()'
            'Get-Fe2Instance ""', 'Get-Fe2Instance one, $null'
        ).ForEach({ @{ Text = $_ } }) {
            Clear-Fe2Call
            $failure = $null
            try { & ([scriptblock]::Create($Text)) -ErrorAction Stop | Should -BeNullOrEmpty } catch { $failure = $_ }
            $failure.FullyQualifiedErrorId | Should -BeLike 'ParameterArgumentValidationError,*'
            Get-Fe2Call | Should -BeNullOrEmpty
        }

        It 'removes nothing' {
            Clear-Fe2Call
            try { Get-Fe2Instance @() | Remove-Fe2Instance -Confirm:$false } catch { $failure = $_ }
            $failure | Should -Not -BeNullOrEmpty
            $null | Get-Fe2Instance -ErrorAction SilentlyContinue | Remove-Fe2Instance -Confirm:$false
            Get-Fe2Call TerminateInstances | Should -BeNullOrEmpty
            (Get-Fe2Instance one, two).Count | Should -Be 2
        }

        It 'is refused by name, not by a null reference: <Text>' -ForEach @(
            'Get-Fe2Instance $null', 'Get-Fe2Script $null', 'Get-Fe2Region $null', 'Get-Fe2Default $null', 'Invoke-Fe2Script x one -File $null'
            'Invoke-Fe2Script x one -ArgumentList $null', 'New-Fe2Instance x -SecurityGroupId $null', 'Invoke-Fe2Command one true -ArgumentList $null', 'Enter-Fe2Instance one -Port $null'
        ).ForEach({ @{ Text = $_ } }) {
            { & ([scriptblock]::Create($Text)) } | Should -Throw -ErrorId 'ParameterArgumentValidationError,*'
        }

        It 'from a pipeline obeys -ErrorAction' {
            $failure = $null
            $found = 'one', $null, 'two' | Get-Fe2Instance -ErrorAction SilentlyContinue -ErrorVariable failure
            $found.Name | Should -Be 'one', 'two'
            $failure.Count | Should -Be 1
        }
    }

    Context 'instances where names are asked for' {
        It 'stand for themselves: <Text>' -ForEach @(
            @{ Text = 'Get-Fe2Instance $one'; Names = 'one' }
            @{ Text = 'Get-Fe2Instance -Name $one'; Names = 'one' }
            @{ Text = 'Get-Fe2Instance $both'; Names = 'one', 'two' }
            @{ Text = 'Get-Fe2Instance $one, "two"'; Names = 'one', 'two' }
            @{ Text = '$both | Get-Fe2Instance'; Names = 'one', 'two' }
            @{ Text = 'Get-Fe2Instance one | Get-Fe2Instance'; Names = 'one' }
            @{ Text = 'Wait-Fe2Instance $one'; Names = 'one' }
            @{ Text = 'Wait-Fe2Instance $both'; Names = 'one', 'two' }
            @{ Text = 'Wait-Fe2Instance -Name $both'; Names = 'one', 'two' }
            @{ Text = 'Wait-Fe2Instance -Instance $both'; Names = 'one', 'two' }
            @{ Text = 'Wait-Fe2Instance $one.PSObject.BaseObject'; Names = 'one' }
            @{ Text = '"one", $both[1] | Wait-Fe2Instance'; Names = 'one', 'two' }
            @{ Text = 'Restart-Fe2Instance $both -PassThru'; Names = 'one', 'two' }
        ) {
            $found = Invoke-Expression $Text
            $found.Name | Should -Be $Names
        }

        It 'are known to the cmdlets that take a value too' {
            { Invoke-Fe2Command $both true -WhatIf -ErrorAction Stop } | Should -Not -Throw
            { Set-Fe2InstanceType $one m5.large -WhatIf -ErrorAction Stop } | Should -Not -Throw
        }

        It 'are known to Invoke-Fe2Script and Get-Fe2Script' {
            $script = Join-Path $TestDrive 'x.sh'
            Set-Content -LiteralPath $script -Value '#!/bin/bash'
            { Invoke-Fe2Script $script $one -Monitor $both[1] -WhatIf -ErrorAction Stop } | Should -Not -Throw
            { Get-Fe2Script -Instance $both -ErrorAction Stop } | Should -Not -Throw
        }

        It 'go down a pipeline without another question, and what has an InstanceId too' {
            Clear-Fe2Call
            $both | Stop-Fe2Instance -WhatIf
            Get-Fe2Call | Should -BeNullOrEmpty
            ([pscustomobject] @{ InstanceId = $one.InstanceId } | Wait-Fe2Instance).Name | Should -Be 'one'
            $failure = $null
            [pscustomobject] @{ Other = 1 } | Wait-Fe2Instance -ErrorAction SilentlyContinue -ErrorVariable failure
            $failure[0].FullyQualifiedErrorId | Should -BeLike 'NotAnInstance,*'
        }
    }

    Context 'a place that this computer refuses' {
        It 'is an error record that obeys -ErrorAction' -Skip:$IsWindows {
            $home2 = $env:FE2_HOME
            try {
                $env:FE2_HOME = '/dev/null/fe2'
                $failure = $null
                Set-Fe2Default -Region Ohio -ErrorAction SilentlyContinue -ErrorVariable failure
                $failure[0].FullyQualifiedErrorId | Should -BeLike 'LocalFailure,*'
                "$($failure[0])" | Should -Match '/dev/null/fe2'
                $failure[0].ErrorDetails.RecommendedAction | Should -Not -BeNullOrEmpty
                { Set-Fe2Default -Region Ohio -ErrorAction Stop } | Should -Throw -ErrorId 'LocalFailure,*'
            }
            finally { $env:FE2_HOME = $home2 }
        }
    }
}
