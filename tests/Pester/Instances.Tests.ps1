Describe 'Instances' {
    BeforeAll {
        . (Join-Path $PSScriptRoot 'Common.ps1')
        Initialize-Fe2Test
        $null = Start-Fe2Sandbox -Hosts None -Speed Fast
    }

    AfterAll { Clear-Fe2Test }

    Context 'New-Fe2Instance' {
        It 'needs nothing but a name' {
            $new = New-Fe2Instance plain -NoWait
            $new.Name | Should -Be 'plain'
            $new.InstanceType.Value | Should -Be 't3.micro'
            $new.InstanceId | Should -Match '^i-[0-9a-f]{17}$'
            $new.MetadataOptions.HttpTokens.Value | Should -Be 'required'
            $new.PSObject.TypeNames[0] | Should -Be 'Fe2Ps.Instance'
            $new.PSObject.BaseObject.GetType().FullName | Should -Be 'Amazon.EC2.Model.Instance'
        }

        It 'takes name, image, disk and type by position' {
            $new = New-Fe2Instance positional ubuntu/images/hvm-ssd-gp3/ubuntu-noble-24.04-amd64-server-* 80 m5.large -NoWait
            $new.InstanceType.Value | Should -Be 'm5.large'
        }

        It 'launches several in one call' {
            Clear-Fe2Call
            $new = New-Fe2Instance batch -Count 4 -NoWait -Tag @{ team = 'red' }
            $new.Name | Should -Be 'batch-1', 'batch-2', 'batch-3', 'batch-4'
            ($new[0].Tags | Where-Object Key -EQ team).Value | Should -Be 'red'
            @(Get-Fe2Call RunInstances).Count | Should -Be 1
        }

        It 'launches spot' {
            $new = New-Fe2Instance cheap -InstanceType m5.large -Spot -NoWait
            $new.IsSpot | Should -BeTrue
            $new.SpotInstanceRequestId | Should -Not -BeNullOrEmpty
        }

        It 'takes names from the pipeline' {
            ('pipe-a', 'pipe-b' | New-Fe2Instance -NoWait).Name | Should -Be 'pipe-a', 'pipe-b'
        }

        It 'launches nothing with -WhatIf' {
            Clear-Fe2Call
            New-Fe2Instance nothing -WhatIf | Should -BeNullOrEmpty
            Get-Fe2Call | Should -BeNullOrEmpty
        }

        It 'refuses <What> with <Id>' -ForEach @(
            @{ What = 'a name in use'; Id = 'NameTaken'; Parameters = @{ Name = 'plain' } }
            @{ What = 'an unknown type'; Id = 'InstanceTypeNotFound'; Parameters = @{ Name = 'x1'; InstanceType = 't9.huge' } }
            @{ What = 'an unknown image'; Id = 'ImageNotFound'; Parameters = @{ Name = 'x2'; Image = 'ami-00000000000000000' } }
            @{ What = 'a disk below the image''s'; Id = 'DiskTooSmall'; Parameters = @{ Name = 'x3'; DiskSize = 1 } }
            @{ What = 'an unknown region'; Id = 'RegionNotFound'; Parameters = @{ Name = 'x4'; Region = 'atlantis' } }
        ) {
            $failure = $null
            $null = New-Fe2Instance @Parameters -NoWait -ErrorAction SilentlyContinue -ErrorVariable failure
            $failure[0].FullyQualifiedErrorId | Should -Be "$Id,Fe2Ps.Commands.NewFe2InstanceCommand"
            $failure[0].ErrorDetails.RecommendedAction | Should -Not -BeNullOrEmpty
            $failure[0].Exception.GetType().Name | Should -Be 'Fe2Exception'
            { New-Fe2Instance @Parameters -NoWait -ErrorAction Stop } | Should -Throw -ErrorId "$Id,*"
        }
    }

    Context 'Get-Fe2Instance' {
        It 'selects by name, wildcard, id and state' {
            (Get-Fe2Instance plain).Name | Should -Be 'plain'
            (Get-Fe2Instance batch-*).Name | Should -Be 'batch-1', 'batch-2', 'batch-3', 'batch-4'
            (Get-Fe2Instance batch-[12]).Count | Should -Be 2
            (Get-Fe2Instance -InstanceId (Get-Fe2Instance plain).InstanceId).Name | Should -Be 'plain'
            (Get-Fe2Instance (Get-Fe2Instance plain).InstanceId).Name | Should -Be 'plain'
            Get-Fe2Instance -State terminated | Should -BeNullOrEmpty
            (Get-Fe2Instance -Filter @{ 'tag:team' = 'red', 'blue' }).Count | Should -Be 4
        }

        It 'gives nothing for a wildcard, and an error for a name, that matches nothing' {
            Get-Fe2Instance nosuch* -ErrorAction Stop | Should -BeNullOrEmpty
            $found = Get-Fe2Instance nosuch, plain -ErrorAction SilentlyContinue -ErrorVariable failure
            $found.Name | Should -Be 'plain'
            $failure.Count | Should -Be 1
            $failure[0].CategoryInfo.Category | Should -Be 'ObjectNotFound'
            $failure[0].TargetObject | Should -Be 'nosuch'
            { Get-Fe2Instance nosuch -ErrorAction Stop } | Should -Throw -ErrorId 'InstanceNotFound,*'
        }

        It 'shows the columns, and says that it is a sandbox' {
            $text = Get-Fe2Instance plain | Out-String -Width 160
            foreach ($column in 'Name', 'Id', 'State', 'Type', 'Zone', 'Ip', 'Age', 'Price') { $text | Should -Match "\b$column\b" }
            $text | Should -Match 'SANDBOX at http://127.0.0.1'
            Get-Fe2Instance plain | Format-List | Out-String | Should -Match 'SecurityGroups'
        }

        It 'has script properties' {
            $one = Get-Fe2Instance plain
            $one.State | Should -BeIn 'pending', 'running'
            $one.Age | Should -BeOfType timespan
            $one.Region | Should -Be 'us-east-2'
            $one.Ip | Should -Be $one.PublicIpAddress
            Wait-Until { (Get-Fe2Instance plain).Price -eq 0.0104 } -What 'the price is known'
        }
    }

    Context 'Start, Stop, Restart, Wait, Set type' {
        It 'does the pipeline of the manual' {
            $done = Get-Fe2Instance batch-* | Wait-Fe2Instance -Timeout 30 | Stop-Fe2Instance -PassThru |
                Wait-Fe2Instance -State stopped -Timeout 30 | Set-Fe2InstanceType m5.large -PassThru
            $done.Count | Should -Be 4
            $done.InstanceType.Value | Select-Object -Unique | Should -Be 'm5.large'
            $done.State | Select-Object -Unique | Should -Be 'stopped'
        }

        It 'starts and reboots by name' {
            (Start-Fe2Instance batch-1 -PassThru | Wait-Fe2Instance -Timeout 30).State | Should -Be 'running'
            Restart-Fe2Instance batch-1
            (Get-Fe2Instance batch-1).State | Should -Be 'running'
        }

        It 'sets the type in both forms' {
            (Set-Fe2InstanceType batch-2 m5.xlarge -PassThru).InstanceType.Value | Should -Be 'm5.xlarge'
            ('batch-2' | Set-Fe2InstanceType m5.large -PassThru).InstanceType.Value | Should -Be 'm5.large'
            { Set-Fe2InstanceType batch-1 m5.large -ErrorAction Stop } | Should -Throw -ErrorId 'InstanceNotStopped,*'
            { Set-Fe2InstanceType batch-2 } | Should -Throw -ErrorId 'InstanceTypeMissing,*'
        }

        It 'goes on after an instance that refuses' {
            $failure = $null
            $done = 'cheap', 'batch-1' | Stop-Fe2Instance -PassThru -ErrorAction SilentlyContinue -ErrorVariable failure
            $done.Name | Should -Be 'batch-1'
            $failure.Count | Should -Be 1
        }

        It 'says at once when a state cannot be reached any more' {
            $null = New-Fe2Instance gone -NoWait
            $gone = Remove-Fe2Instance gone -Confirm:$false -PassThru
            { $gone | Wait-Fe2Instance -State running -ErrorAction Stop } | Should -Throw -ErrorId 'InstanceEnded,*'
        }

        It 'changes nothing with -WhatIf: <Command>' -ForEach @(
            @{ Command = 'Start-Fe2Instance'; Value = @() }, @{ Command = 'Stop-Fe2Instance'; Value = @() }, @{ Command = 'Restart-Fe2Instance'; Value = @() }
            @{ Command = 'Remove-Fe2Instance'; Value = @() }, @{ Command = 'Set-Fe2InstanceType'; Value = @('c5.large') }, @{ Command = 'Invoke-Fe2Command'; Value = @('true') }
        ) {
            Clear-Fe2Call
            & $Command batch-2 @Value -WhatIf
            (Get-Fe2Call).operation | Select-Object -Unique | Should -Be 'DescribeInstances'
        }
    }

    Context 'Names that stand for several' {
        BeforeAll {
            # Two of a name are possible: other tools, and two users at once, do not ask.
            Add-Fe2Seed -Count 1 -Prefix 'twin-'
            Add-Fe2Seed -Count 1 -Prefix 'twin-'
            $ids = (Get-Fe2Instance twin-1).InstanceId
        }

        It 'are all listed' {
            $ids.Count | Should -Be 2
        }

        It 'are an error that lists the ids, where something would change' {
            Clear-Fe2Call
            $failure = $null
            Stop-Fe2Instance twin-1 -ErrorAction SilentlyContinue -ErrorVariable failure
            $failure[0].FullyQualifiedErrorId | Should -BeLike 'InstanceAmbiguous,*'
            foreach ($id in $ids) { "$($failure[0])" | Should -Match $id }
            Get-Fe2Call StopInstances | Should -BeNullOrEmpty
        }

        It 'are taken by wildcards and by ids' {
            (Stop-Fe2Instance twin-* -PassThru).Count | Should -Be 2
            (Start-Fe2Instance -InstanceId $ids[0] -ErrorAction SilentlyContinue -PassThru).Count | Should -BeLessOrEqual 1
        }
    }

    Context 'Remove-Fe2Instance' {
        It 'has high impact' {
            (Get-Command Remove-Fe2Instance).ImplementingType.CustomAttributes.NamedArguments |
                Where-Object MemberName -EQ ConfirmImpact | ForEach-Object { $_.TypedValue.Value } | Should -Be 3
        }

        It 'cancels the spot request and frees the name at once' {
            Clear-Fe2Call
            Remove-Fe2Instance cheap -Confirm:$false
            (Get-Fe2Call).operation | Should -Contain 'CancelSpotInstanceRequests'
            (New-Fe2Instance cheap -NoWait).Name | Should -Be 'cheap'
        }
    }

    Context 'A thousand instances down a pipeline' {
        BeforeAll {
            Add-Fe2Seed -Count 1000 -Prefix 'many-'
            $many = Get-Fe2Instance many-*
        }

        It 'are one call for <Operation>' -ForEach @(
            @{ Operation = 'StopInstances'; Action = { $many | Stop-Fe2Instance } }
            @{ Operation = 'StartInstances'; Action = { $many | Wait-Fe2Instance -State stopped -Timeout 60 | Start-Fe2Instance } }
            @{ Operation = 'TerminateInstances'; Action = { $many | Remove-Fe2Instance -Confirm:$false } }
        ) {
            $many.Count | Should -Be 1000
            Clear-Fe2Call
            & $Action
            @(Get-Fe2Call $Operation).Count | Should -Be 1
            @(Get-Fe2Call DescribeInstances | Where-Object { $Operation -ne 'StartInstances' }).Count | Should -Be 0
        }
    }

    Context 'Where' {
        It 'goes down the pipeline with the instance' {
            $far = New-Fe2Instance far -Region Seoul -NoWait
            $far.Region | Should -Be 'ap-northeast-2'
            Get-Fe2Instance far* | Should -BeNullOrEmpty
            ($far | Wait-Fe2Instance -Timeout 30 | Stop-Fe2Instance -PassThru).Region | Should -Be 'ap-northeast-2'
            Get-Fe2Instance -Region ap-northeast-2 | Remove-Fe2Instance -Confirm:$false
        }

        It 'is said by -Debug' {
            $text = Get-Fe2Instance plain -Debug 5>&1 | Out-String
            $text | Should -Match 'Region: us-east-2'
        }
    }
}
