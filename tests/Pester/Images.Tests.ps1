Describe 'Images' {
    BeforeAll {
        . (Join-Path $PSScriptRoot 'Common.ps1')
        Initialize-Fe2Test
        $null = Start-Fe2Sandbox -Hosts None -Speed Fast
        $null = 'base', 'od1' | New-Fe2Instance -NoWait -ErrorAction Ignore
        $null = Get-Fe2Instance | Wait-Fe2Instance -Timeout 30
    }

    AfterAll { Clear-Fe2Test }

    It 'freezes by name and returns the image at once, with its real state' {
        $image = New-Fe2Ami base -WarningVariable warnings -WarningAction SilentlyContinue
        $image.State.Value | Should -BeIn 'pending', 'available'
        $image.Name | Should -Be 'base'
        $image.PSObject.TypeNames[0] | Should -Be 'Fe2Ps.Image'
        $image.PSObject.BaseObject.GetType().FullName | Should -Be 'Amazon.EC2.Model.Image'
        $image.Age | Should -BeOfType timespan
        "$warnings" | Should -Match 'base restarts now'
        ($image | Wait-Fe2Ami -Timeout 30).State.Value | Should -Be 'available'
    }

    It 'has the alias of freezing' {
        $freeze = 'Save-Fe2Instance'
        (& $freeze od1 -NoReboot -Wait -WarningAction Stop).State.Value | Should -Be 'available'
    }

    It 'takes instances from the pipeline' {
        $image = Get-Fe2Instance od1 | New-Fe2Ami -Name piped -NoReboot -Tag @{ team = 'red' } -Wait
        $image.SourceInstanceId | Should -Be (Get-Fe2Instance od1).InstanceId
        ($image.Tags | Where-Object Key -EQ team).Value | Should -Be 'red'
    }

    It 'refuses <What> with <Id>' -ForEach @(
        @{ What = 'a name in use'; Id = 'ImageNameTaken'; Parameters = @{ Instance = 'base' } }
        @{ What = 'an unknown machine'; Id = 'InstanceNotFound'; Parameters = @{ Instance = 'nosuch' } }
        @{ What = 'a name with wildcards'; Id = 'ImageNameInvalid'; Parameters = @{ Instance = 'base'; Name = 'b*' } }
    ) {
        { New-Fe2Ami @Parameters -NoReboot -ErrorAction Stop } | Should -Throw -ErrorId "$Id,*"
        New-Fe2Ami @Parameters -NoReboot -ErrorAction SilentlyContinue -ErrorVariable failure | Should -BeNullOrEmpty
        $failure[0].ErrorDetails.RecommendedAction | Should -Not -BeNullOrEmpty
    }

    It 'replaces with -Force, and says why an image failed' {
        $old = (Get-Fe2Ami base).ImageId
        Add-Fe2Fault @{ kind = 'image-fails'; times = 1; code = 'Server.OutOfPaper: no paper' }
        { New-Fe2Ami base -Force -NoReboot -ErrorAction Stop } | Should -Throw -ErrorId 'ImageFailed,*' -ExpectedMessage '*no paper*'
        (Get-Fe2Ami base).ImageId | Should -Be $old
        $new = New-Fe2Ami base -Force -NoReboot
        (Get-Fe2Ami base).ImageId | Should -Be $new.ImageId
        $new.ImageId | Should -Not -Be $old
    }

    It 'changes nothing with -WhatIf' {
        Clear-Fe2Call
        New-Fe2Ami base -Name nothing -WhatIf | Should -BeNullOrEmpty
        Remove-Fe2Ami * -WhatIf
        Get-Fe2Call | Where-Object operation -NotLike 'Describe*' | Should -BeNullOrEmpty
    }

    It 'lists by name, owner and architecture, and shows the state by itself' {
        (Get-Fe2Ami p*).Name | Should -Be 'piped'
        (Get-Fe2Ami *noble* -Owner canonical -Architecture arm64).Architecture.Value | Select-Object -Unique | Should -Be 'arm64'
        Get-Fe2Ami -Own -Architecture arm64 | Should -BeNullOrEmpty
        { Get-Fe2Ami x -Owner nobody -ErrorAction Stop } | Should -Throw -ErrorId 'OwnerInvalid,*'
        $text = Get-Fe2Ami piped | Out-String -Width 160
        foreach ($column in 'Name', 'Id', 'State', 'Architecture', 'Disk', 'Age') { $text | Should -Match "\b$column\b" }
        $text | Should -Match 'piped\s+ami-[0-9a-f]+\s+available\s+x86_64\s+8 GiB'
        Get-Fe2Ami piped | Format-List | Out-String | Should -Match 'NameInEc2\s*: piped'
    }

    It 'completes names of images and owners' {
        Wait-Until { (Get-Completion 'Remove-Fe2Ami p') -contains 'piped' } -What 'the image is offered'
        Get-Completion 'Get-Fe2Ami x -Owner c' | Should -Be 'canonical'
    }

    It 'removes images, not what uses them' {
        $null = New-Fe2Instance worker piped -NoWait
        Remove-Fe2Ami piped -Confirm:$false -ErrorAction SilentlyContinue -ErrorVariable failure
        $failure[0].FullyQualifiedErrorId | Should -Be 'ImageInUse,Fe2Ps.Commands.RemoveFe2AmiCommand'
        (Get-Fe2Ami piped | Remove-Fe2Ami -Force -PassThru -Confirm:$false).Name | Should -Be 'piped'
        { Get-Fe2Ami piped -ErrorAction Stop } | Should -Throw -ErrorId 'ImageNotFound,*'
        (Get-Fe2Instance worker).Name | Should -Be 'worker'
    }

    It 'never takes an instance for its image' {
        { Get-Fe2Instance worker | Remove-Fe2Ami -Confirm:$false -ErrorAction Stop } | Should -Throw
        (Get-Fe2Ami base).Name | Should -Match '^base'
    }

    It 'lists an owner without a name, and goes on after a name that is not there' {
        (Get-Fe2Ami -Owner self).ImageId | Should -Be (Get-Fe2Ami -Own).ImageId
        { Get-Fe2Ami -Owner amazon -ErrorAction Stop } | Should -Throw -ErrorId 'NameMissing,*'
        $found = Get-Fe2Ami nosuch, base* -ErrorAction SilentlyContinue -ErrorVariable failure
        $found | Should -Not -BeNullOrEmpty
        $failure.Count | Should -Be 1
        $failure[0].TargetObject | Should -Be 'nosuch'
    }

    It 'asks once for all images of a pipeline' {
        $null = New-Fe2Ami od1 second -NoReboot -Wait
        $ids = (Get-Fe2Ami -Own).ImageId
        $ids.Count | Should -BeGreaterThan 1
        Clear-Fe2Call
        ($ids | Get-Fe2Ami).ImageId | Should -Be $ids
        $ids | Remove-Fe2Ami -WhatIf
        @(Get-Fe2Call DescribeImages).Count | Should -Be 2
        Remove-Fe2Ami second -Confirm:$false
    }

    It 'removes none where a plain name stands for several, and one by its id' {
        # Two of one name, as a replacement leaves them whose end was not waited for.
        $old = (New-Fe2Ami od1 twin -NoReboot -Wait).ImageId
        Add-Fe2Fault @{ kind = 'deny'; operation = 'DeregisterImage' }
        $new = (New-Fe2Ami od1 twin -Force -NoReboot -WarningAction SilentlyContinue).ImageId
        Clear-Fe2Fault
        foreach ($call in { Remove-Fe2Ami twin -Confirm:$false @How }, { 'twin' | Remove-Fe2Ami -Force -Confirm:$false @How }, { Wait-Fe2Ami twin @How }) {
            $How = @{ ErrorAction = 'SilentlyContinue'; ErrorVariable = 'failures' }
            . $call | Should -BeNullOrEmpty
            $failures.Count | Should -Be 1
            $failures[0].FullyQualifiedErrorId | Should -BeLike 'ImageAmbiguous,*'
            foreach ($id in $old, $new) { "$($failures[0])" | Should -Match $id }
            @(Get-Fe2Ami twin).Count | Should -Be 2
        }

        Remove-Fe2Ami $old -Confirm:$false
        (Get-Fe2Ami twin).ImageId | Should -Be $new
        (Get-Fe2Ami twin | Remove-Fe2Ami -Confirm:$false -PassThru).ImageId | Should -Be $new
    }

    It 'names what is not there and removes the rest' {
        Remove-Fe2Ami nosuch, od1 -Confirm:$false -ErrorAction SilentlyContinue -ErrorVariable failure
        $failure.Count | Should -Be 1
        $failure[0].TargetObject | Should -Be 'nosuch'
        Get-Fe2Ami od* | Should -BeNullOrEmpty
    }
}

Describe 'An image that takes its time' {
    BeforeAll {
        . (Join-Path $PSScriptRoot 'Common.ps1')
        Initialize-Fe2Test
        $null = Start-Fe2Sandbox -Hosts None -Speed Realistic
        $null = New-Fe2Instance base -NoWait -ErrorAction Ignore
        $null = Wait-Fe2Instance base -Timeout 60
    }

    AfterAll { Clear-Fe2Test }

    It 'is pending by itself, and available later' {
        $null = New-Fe2Ami base -NoReboot -WarningAction SilentlyContinue
        $pending = Get-Fe2Ami base
        $pending.State.Value | Should -Be 'pending'
        $pending | Out-String | Should -Match 'pending( \d+%)?'
        ($pending | Wait-Fe2Ami -Timeout 60).State.Value | Should -Be 'available'
        (Get-Fe2Ami base).State.Value | Should -Be 'available'
    }
}
