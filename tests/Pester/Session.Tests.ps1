Describe 'Regions, images, defaults and sandboxes' {
    BeforeAll {
        . (Join-Path $PSScriptRoot 'Common.ps1')
        Initialize-Fe2Test
    }

    AfterAll { Clear-Fe2Test }

    Context 'Before anything is set up' {
        It 'finds a region''s code without an account: <Text>' -ForEach @(
            @{ Text = 'Ohio'; Code = 'us-east-2' }, @{ Text = 'us-east-2'; Code = 'us-east-2' }, @{ Text = 'SEOUL'; Code = 'ap-northeast-2' }, @{ Text = 'oregon'; Code = 'us-west-2' }
        ) {
            (Get-Fe2Region $Text).Code | Should -Be $Code
        }

        It 'says which region is meant where several could be, or none' {
            (Get-Fe2Region eu-).Count | Should -BeGreaterThan 3
            { Get-Fe2Region atlantis -ErrorAction Stop } | Should -Throw -ErrorId 'RegionNotFound,*'
        }

        It 'says what is missing, and what to do' {
            $failure = $null
            Get-Fe2Instance -ErrorAction SilentlyContinue -ErrorVariable failure
            $failure[0].FullyQualifiedErrorId | Should -BeLike 'RegionMissing,*'
            $failure[0].ErrorDetails.RecommendedAction | Should -Match 'Set-Fe2Default'
        }
    }

    Context 'Set-Fe2Default and Get-Fe2Default' {
        It 'keeps a setting and takes it back' {
            Set-Fe2Default Ohio -InstanceType m5.large -DiskSize 30
            $region = Get-Fe2Default Region
            $region.Value | Should -Be 'us-east-2'
            $region.Source | Should -Be 'Set-Fe2Default'
            (Get-Fe2Default DiskSize).Value | Should -Be 30
            Set-Fe2Default -DiskSize 0 -InstanceType ''
            (Get-Fe2Default DiskSize).Source | Should -Be 'built in'
            (Get-Fe2Default InstanceType).Value | Should -Be 't3.micro'
            (Get-Fe2Default Region).Value | Should -Be 'us-east-2'
        }

        It 'changes nothing with -WhatIf, and refuses what does not exist' {
            Set-Fe2Default Seoul -WhatIf
            (Get-Fe2Default Region).Value | Should -Be 'us-east-2'
            { Set-Fe2Default atlantis -ErrorAction Stop } | Should -Throw -ErrorId 'RegionNotFound,*'
            { Set-Fe2Default -Cidr nonsense -ErrorAction Stop } | Should -Throw -ErrorId 'CidrInvalid,*'
        }

        It 'takes the environment after the default, and the parameter before it' {
            $env:AWS_REGION = 'eu-west-1'
            (Get-Fe2Default Region).Value | Should -Be 'us-east-2'
            (Get-Fe2Default Region -Region Tokyo).Value | Should -Be 'ap-northeast-1'
            Set-Fe2Default -Reset
            (Get-Fe2Default Region).Source | Should -Match 'AWS_REGION'
            Remove-Item Env:AWS_REGION
        }
    }

    Context 'A default that leads nowhere' {
        AfterEach { Set-Fe2Default -Reset }

        It 'is listed, with the error after it' {
            Set-Fe2Default Ohio -ProfileName nosuch -InstanceType m5.large
            $failure = $null
            $settings = Get-Fe2Default -ErrorAction SilentlyContinue -ErrorVariable failure
            ($settings | Where-Object Name -EQ Profile).Value | Should -Be 'nosuch'
            ($settings | Where-Object Name -EQ Profile).Source | Should -Be 'Set-Fe2Default'
            ($settings | Where-Object Name -EQ Region).Value | Should -Be 'us-east-2'
            ($settings | Where-Object Name -EQ InstanceType).Value | Should -Be 'm5.large'
            $failure.Count | Should -Be 1
            $failure[0].TargetObject | Should -Be 'nosuch'
        }
    }

    Context 'Sandboxes' {
        It 'starts nothing with -WhatIf' {
            Start-Fe2Sandbox -Hosts None -WhatIf
            Get-Fe2Sandbox | Should -BeNullOrEmpty
        }

        It 'points this session at the sandbox, and back' {
            $sandbox = Start-Fe2Sandbox -Hosts None -Speed Fast
            $sandbox.EndpointUrl | Should -Match '^http://127.0.0.1:\d+$'
            $sandbox.Environment['AWS_ENDPOINT_URL'] | Should -Be $sandbox.EndpointUrl
            (Get-Fe2Sandbox -Current).ProcessId | Should -Be $sandbox.ProcessId
            (Get-Fe2Default Endpoint).Source | Should -Be 'Start-Fe2Sandbox'
            Stop-Fe2Sandbox
            Get-Fe2Sandbox | Should -BeNullOrEmpty
            Get-Process -Id $sandbox.ProcessId -ErrorAction Ignore | Should -BeNullOrEmpty
            Get-Fe2Default Endpoint | Should -BeNullOrEmpty
            { Stop-Fe2Sandbox -ErrorAction Stop } | Should -Throw -ErrorId 'SandboxNotFound,*'
        }

        It 'holds a session that has not chosen where the others are' {
            $sandbox = Start-Fe2Sandbox -Hosts None -Speed Fast
            $null = 'here-1', 'here-2' | New-Fe2Instance -NoWait
            $manifest = Join-Path $env:FE2_MODULE 'Fe2Ps.psd1'
            # What would reach AWS from a rehearsal, with a kept region and the keys at hand.
            $found = 'here-1', 'here-2' | ForEach-Object -Parallel { Import-Module $using:manifest; Remove-Fe2Instance $_ -Confirm:$false -PassThru }
            ($found.Name | Sort-Object) | Should -Be 'here-1', 'here-2'
            $found.EndpointUrl | Select-Object -Unique | Should -Be $sandbox.EndpointUrl
            $other = Start-ThreadJob { Import-Module $using:manifest; Start-Fe2Sandbox -Hosts None -Speed Fast } | Receive-Job -Wait -AutoRemoveJob
            $otherUrl = $other.EndpointUrl
            (Get-Fe2Sandbox -Current).EndpointUrl | Should -Be $sandbox.EndpointUrl
            $unclear = Start-ThreadJob {
                Import-Module $using:manifest
                try { Get-Fe2Instance -Region Ohio } catch { $_.FullyQualifiedErrorId }
                try { 'any' | Remove-Fe2Instance -Region Ohio -Confirm:$false } catch { $_.FullyQualifiedErrorId }
                (Get-Fe2Ami -Region Ohio -EndpointUrl $using:otherUrl).EndpointUrl
                (Get-Fe2Sandbox -Current).Count
            } | Receive-Job -Wait -AutoRemoveJob
            $unclear | Should -Be 'SandboxUnclear,Fe2Ps.Commands.GetFe2InstanceCommand', 'SandboxUnclear,Fe2Ps.Commands.RemoveFe2InstanceCommand', $other.EndpointUrl, 0
            $other | Stop-Fe2Sandbox
            $again = Start-ThreadJob { Import-Module $using:manifest; (Get-Fe2Sandbox -Current).EndpointUrl } | Receive-Job -Wait -AutoRemoveJob
            $again | Should -Be $sandbox.EndpointUrl
            Stop-Fe2Sandbox
            $none = Start-ThreadJob { Import-Module $using:manifest; Get-Fe2Sandbox -Current; Get-Fe2Default Endpoint } | Receive-Job -Wait -AutoRemoveJob
            $none | Should -BeNullOrEmpty
        }

        It 'ends the sandbox when PowerShell ends' {
            $manifest = Join-Path $env:FE2_MODULE 'Fe2Ps.psd1'
            $id = & (Get-Process -Id $PID).Path -NoProfile -Command "Import-Module '$manifest'; (Start-Fe2Sandbox -Hosts None).ProcessId"
            Wait-Until { -not (Get-Process -Id $id -ErrorAction Ignore) } -What "sandbox $id has ended"
        }
    }

    Context 'With a sandbox' {
        BeforeAll { $null = Start-Fe2Sandbox -Hosts None -Speed Fast }

        It 'lists the account''s regions' {
            $regions = Get-Fe2Region
            $regions.Count | Should -BeGreaterOrEqual 4
            ($regions | Where-Object IsCurrent).Code | Should -Be 'us-east-2'
            ('Ohio', 'Seoul' | Get-Fe2Region).Code | Should -Be 'us-east-2', 'ap-northeast-2'
        }

        It 'finds the newest Ubuntu LTS for either processor' {
            $image = Get-Fe2Ami
            $image.PSObject.TypeNames[0] | Should -Be 'Fe2Ps.Image'
            $image.Name | Should -Match '^ubuntu/'
            (Get-Fe2Ami -Architecture arm64).Architecture.Value | Should -Be 'arm64'
            (Get-Fe2Ami $image.ImageId).Name | Should -Be $image.Name
            { Get-Fe2Ami nosuch -ErrorAction Stop } | Should -Throw -ErrorId 'ImageNotFound,*'
            Get-Fe2Ami -Own | Should -BeNullOrEmpty
        }
    }

    Context 'Completion' {
        BeforeAll {
            $null = Start-Fe2Sandbox -Hosts None -Speed Fast
            $null = 'base', 'job-1', 'with space', "it$([char] 0x2019)s one" | New-Fe2Instance -NoWait
            # The first Tab of a session may only start the question.
            Wait-Until { (Get-Completion 'Get-Fe2Instance ba') -contains 'base' } -What 'names are known'
        }

        It 'completes <Text> to <Expected>' -ForEach @(
            @{ Text = 'Get-Fe2Instance ba'; Expected = 'base' }
            @{ Text = 'Stop-Fe2Instance -Name jo'; Expected = 'job-1' }
            @{ Text = 'Enter-Fe2Instance wi'; Expected = '''with space''' }
            @{ Text = 'Invoke-Fe2Script ./x.sh -Monitor ba'; Expected = 'base' }
            @{ Text = 'Get-Fe2Instance -Region ohi'; Expected = 'us-east-2' }
            @{ Text = 'Set-Fe2Default seou'; Expected = 'ap-northeast-2' }
            @{ Text = 'New-Fe2Instance a -InstanceType t3.mic'; Expected = 't3.micro' }
            @{ Text = 'New-Fe2Instance a -KeyName def'; Expected = 'default' }
            @{ Text = 'Wait-Fe2Instance -State rea'; Expected = 'ready' }
            @{ Text = 'Get-Fe2Instance base | Set-Fe2InstanceType t3.mic'; Expected = 't3.micro' }
            @{ Text = 'Set-Fe2InstanceType ba'; Expected = 'base' }
            @{ Text = 'Set-Fe2InstanceType base t3.mic'; Expected = 't3.micro' }
            @{ Text = 'Get-Fe2Instance it'; Expected = "'it$([char] 0x2019)$([char] 0x2019)s one'" }
        ) {
            Wait-Until { (Get-Completion $Text) -contains $Expected } -Seconds 5 -What "$Text -> $Expected"
        }

        It 'answers soon, and never with an error, where nothing answers and nothing was ever known' {
            $null = Get-Completion 'Get-Fe2Instance -EndpointUrl http://192.0.2.1 x'
            $error.Clear()
            $time = Measure-Command { $null = Get-Completion 'Get-Fe2Instance -EndpointUrl http://192.0.2.1 y' }
            $time.TotalMilliseconds | Should -BeLessThan 3000 # what TabExpansion2 itself takes is not ours
            $error.Count | Should -Be 0
        }
    }
}
