Describe 'Costs' {
    BeforeAll {
        . (Join-Path $PSScriptRoot 'Common.ps1')
        Initialize-Fe2Test
        $null = Start-Fe2Sandbox -Hosts None -Speed Fast
        $null = New-Fe2Instance base -NoWait -Tag @{ team = 'red' }
        $null = New-Fe2Instance spot2 -InstanceType m5.large -Spot -NoWait
        $null = Get-Fe2Instance | Wait-Fe2Instance -Timeout 30
    }

    AfterAll { Clear-Fe2Test }

    It 'lists what costs as objects' {
        $costs = Get-Fe2Cost -ErrorAction Stop
        $machine = $costs | Where-Object { $_.Kind -eq 'Instance' -and $_.Name -eq 'base' }
        $machine.UsdPerHour | Should -Be 0.0104
        $machine.UsdSoFar | Should -BeGreaterThan 0
        $machine.Since | Should -BeOfType datetimeoffset
        $machine.PSObject.TypeNames[0] | Should -Be 'Fe2Ps.Cost'
        ($costs | Where-Object { $_.Name -eq 'spot2' -and $_.Kind -eq 'Instance' }).Estimate | Should -Match 'spot'
        ($costs.Kind | Sort-Object -Unique) | Should -Contain 'Volume'
        ($costs.Kind | Sort-Object -Unique) | Should -Contain 'Address'
    }

    It 'selects by name, kind and tag' {
        (Get-Fe2Cost b* -Kind Instance).Name | Should -Be 'base'
        (Get-Fe2Cost -Tag @{ team = 'r*' }).Name | Select-Object -Unique | Should -Be 'base'
        (Get-Fe2Instance base | ForEach-Object { Get-Fe2Cost $_ }).Id | Should -Be (Get-Fe2Instance base).InstanceId
        Get-Fe2Cost nosuch | Should -BeNullOrEmpty
    }

    It 'sums in groups and as a whole' {
        $groups = Get-Fe2Cost -GroupBy Name
        $groups.Group | Should -Be 'spot2', 'base'
        $groups[0].PSObject.TypeNames[0] | Should -Be 'Fe2Ps.CostSum'
        (Get-Fe2Cost -GroupBy team).Group | Should -Contain 'red'
        $total = Get-Fe2Cost -Total
        [math]::Abs($total.UsdPerHour - ($groups | Measure-Object UsdPerHour -Sum).Sum) | Should -BeLessThan 0.000001
        $total.IsEstimate | Should -BeTrue
        Get-Completion 'Get-Fe2Cost -GroupBy K' | Should -Be 'Kind'
    }

    It 'ends with an error over the budget, after the objects' {
        $seen = [System.Collections.Generic.List[object]]::new()
        { Get-Fe2Cost -Budget 0 | ForEach-Object { $seen.Add($_) } } | Should -Throw -ErrorId 'BudgetExceeded,*'
        $seen.Count | Should -BeGreaterThan 3
        { Get-Fe2Cost -Total -Budget 0 -ErrorAction SilentlyContinue } | Should -Throw -ErrorId 'BudgetExceeded,*'
        (Get-Fe2Cost -Total -Budget 20).Count | Should -BeGreaterThan 3
    }

    It 'does not call a budget kept that it cannot see' {
        Add-Fe2Fault @{ kind = 'deny'; operation = 'DescribeVolumes' }
        { Get-Fe2Cost -Total -Budget 20 -ErrorAction SilentlyContinue } | Should -Throw -ErrorId 'BudgetUnknown,*'
        Clear-Fe2Fault
    }

    It 'looks at every region' {
        $null = New-Fe2Instance far -Region eu-west-1 -NoWait
        (Get-Fe2Cost -Region * -GroupBy Region).Group | Sort-Object | Should -Be 'eu-west-1', 'us-east-2'
    }

    It 'reads well and changes nothing' {
        Clear-Fe2Call
        $text = Get-Fe2Cost | Out-String -Width 200
        foreach ($column in 'Name', 'Kind', 'Description', 'Age', 'PerHour', 'PerMonth', 'SoFar', 'Note') { $text | Should -Match "\b$column\b" }
        $text | Should -Match 'base\s+Instance\s+t3\.micro\s+\d+s\s+\$0\.0104'
        Get-Fe2Call | Where-Object { $_.operation -notlike 'Describe*' -and $_.operation -ne 'GetProducts' } | Should -BeNullOrEmpty
        (Get-Fe2Cost | ConvertTo-Json -Depth 3 -AsArray -WarningAction Stop).Length | Should -BeLessThan 10000
    }
}
