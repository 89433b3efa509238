Describe 'Groups' {
    BeforeAll {
        . (Join-Path $PSScriptRoot 'Common.ps1')
        Initialize-Fe2Test
        $null = Start-Fe2Sandbox -Hosts None -Speed Fast
        Add-Fe2TargetGroup tg, other-tg
    }

    AfterAll { Clear-Fe2Test }

    It 'are made in one line' {
        $group = New-Fe2Group web -InstanceType m5.large, m5a.large -Min 1 -Desired 2 -Max 4 -Spot 70% -TargetGroup tg -Tag @{ team = 'red' } -NoWait
        $group.PSObject.TypeNames[0] | Should -Be 'Fe2Ps.Group'
        $group.PSObject.BaseObject.GetType().FullName | Should -Be 'Amazon.AutoScaling.Model.AutoScalingGroup'
        $group.MinSize, $group.DesiredCapacity, $group.MaxSize | Should -Be 1, 2, 4
        $group.SpotPercent | Should -Be 70
        $group.InstanceType | Should -Be 'm5.large', 'm5a.large'
        $group.TargetGroup | Should -Be 'tg'
        ($group.Tags | Where-Object Key -EQ team).Value | Should -Be 'red'
        Wait-Until { (Get-Fe2Group web).State -eq 'ready' } -Seconds 60
        $machines = Get-Fe2Instance web
        $machines | Should -HaveCount 2
        @($machines | Where-Object IsSpot) | Should -HaveCount 1
        @($machines.Tags | Where-Object Key -EQ 'fe2:group').Value | Should -Be 'web', 'web'
    }

    It 'are shown as a table, a list, and in JSON of a reasonable size' {
        $text = Get-Fe2Group web | Out-String -Width 160
        foreach ($column in 'Name', 'State', 'Desired', 'Min', 'Max', 'Spot', 'Type', 'TargetGroup', 'Age') { $text | Should -Match "\b$column\b" }
        $text | Should -Match 'web\s+ready\s+2\s+1\s+4\s+70%\s+m5.large(,m5a.large| \+1)\s+tg'
        Get-Fe2Group web | Format-List | Out-String | Should -Match 'OnDemandBase\s*: 0'
        $json = Get-Fe2Group web | ConvertTo-Json -WarningAction SilentlyContinue
        $json.Length | Should -BeLessThan 8000
        ($json | ConvertFrom-Json).SpotPercent | Should -Be 70
    }

    It 'cost what their machines cost' {
        $costs = Get-Fe2Cost | Where-Object Kind -EQ 'Instance'
        $costs.Name | Should -Be 'web', 'web'
    }

    It 'are selected by wildcards, and what is not there is said' {
        $null = New-Fe2Group worker -Min 0 -NoWait
        (Get-Fe2Group w*).Name | Should -Be 'web', 'worker'
        (Get-Fe2Group nosuch, worker -ErrorAction SilentlyContinue -ErrorVariable failure).Name | Should -Be 'worker'
        $failure[0].FullyQualifiedErrorId | Should -BeLike 'GroupNotFound,*'
        Get-Fe2Group no* | Should -BeNullOrEmpty
    }

    It 'are not made with <What>' -ForEach @(
        @{ What = 'a share that is none'; Parameters = @{ Spot = 'half' }; Id = 'SpotShareInvalid' }
        @{ What = 'more than the most'; Parameters = @{ Desired = 5; Max = 2 }; Id = 'GroupSizesInvalid' }
        @{ What = 'an unknown target group'; Parameters = @{ TargetGroup = 'nosuch' }; Id = 'TargetGroupNotFound' }
        @{ What = 'types of two kinds'; Parameters = @{ InstanceType = 'm5.large', 't4g.micro' }; Id = 'TypesDiffer' }
    ) {
        { New-Fe2Group bad @Parameters -NoWait -ErrorAction Stop } | Should -Throw -ErrorId "$Id,*"
        Get-Fe2Group bad* | Should -BeNullOrEmpty
    }

    It 'change their sizes, from the pipeline too' {
        $changed = Get-Fe2Group web | Set-Fe2Group -Desired 3 -Wait -PassThru
        $changed.State, $changed.InService | Should -Be 'ready', 3
        Set-Fe2Group web -Max 2 -Spot 100 -InstanceType t3.micro
        $group = Get-Fe2Group web
        $group.DesiredCapacity, $group.SpotPercent, "$($group.InstanceType)" | Should -Be 2, 100, 't3.micro'
        { Set-Fe2Group web -ErrorAction Stop } | Should -Throw -ErrorId 'NothingToChange,*'
    }

    It 'complete their names and those of target groups' {
        Wait-Until { (Get-Completion 'Remove-Fe2Group wo') -contains 'worker' } -What 'the group is offered'
        Wait-Until { (Get-Completion 'New-Fe2Group x -TargetGroup other') -contains 'other-tg' } -What 'the target group is offered'
    }

    It 'are removed with all that they have' {
        Remove-Fe2Group web -WhatIf
        (Get-Fe2Group web).Name | Should -Be 'web'
        $gone = Get-Fe2Group w* | Remove-Fe2Group -Confirm:$false -PassThru
        $gone.Name | Sort-Object | Should -Be 'web', 'worker'
        Get-Fe2Group | Should -BeNullOrEmpty
        Get-Fe2Instance | Where-Object State -NE 'terminated' | Should -BeNullOrEmpty
        Get-Fe2Volume -IncludeRoot | Should -BeNullOrEmpty
    }
}
