BeforeDiscovery {
    # Mounting needs real hosts: Linux, root and runc.
    $skip = -not ($IsLinux -and (id -u) -eq '0' -and (Get-Command runc, mmdebstrap, ssh -ErrorAction Ignore).Count -eq 3)
}

Describe 'Volumes and snapshots' {
    BeforeAll {
        . (Join-Path $PSScriptRoot 'Common.ps1')
        Initialize-Fe2Test
        $null = Start-Fe2Sandbox -Hosts None -Speed Fast
        $null = New-Fe2Instance od1 -NoWait | Wait-Fe2Instance -Timeout 30
    }

    AfterAll { Clear-Fe2Test }

    Context 'New-Fe2Volume' {
        It 'makes a free volume where the machines run, encrypted, with its tags in the call' {
            Clear-Fe2Call
            $new = New-Fe2Volume data -Size 20 -Tag @{ team = 'red' }
            $new.Name | Should -Be 'data'
            $new.State | Should -Be 'available'
            $new.Size | Should -Be 20
            $new.Encrypted | Should -BeTrue
            $new.VolumeType.Value | Should -Be 'gp3'
            $new.AvailabilityZone | Should -Be (Get-Fe2Instance od1).Zone
            ($new.Tags | Where-Object Key -EQ team).Value | Should -Be 'red'
            ($new.Tags | Where-Object Key -EQ fe2:owner).Value | Should -Not -BeNullOrEmpty
            Get-Fe2Call CreateTags | Should -BeNullOrEmpty
            $new.PSObject.TypeNames[0] | Should -Be 'Fe2Ps.Volume'
            $new.PSObject.BaseObject.GetType().FullName | Should -Be 'Amazon.EC2.Model.Volume'
        }

        It 'takes type, speed and zone' {
            $new = New-Fe2Volume fast 100 -Iops 4000 -Throughput 200 -Zone us-east-2c -Encrypted:$false
            $new.Iops | Should -Be 4000
            $new.Throughput | Should -Be 200
            $new.AvailabilityZone | Should -Be 'us-east-2c'
            $new.Encrypted | Should -BeFalse
            (New-Fe2Volume '한국어 이름' -Size 1 -Type gp2).Name | Should -Be '한국어 이름'
        }

        It 'makes nothing with -WhatIf' {
            Clear-Fe2Call
            New-Fe2Volume nothing -Size 1 -Instance od1 -WhatIf | Should -BeNullOrEmpty
            Get-Fe2Call | Should -BeNullOrEmpty
        }

        It 'refuses <What> with <Id>' -ForEach @(
            @{ What = 'a name in use'; Id = 'NameTaken'; Parameters = @{ Name = 'data'; Size = 1 } }
            @{ What = 'an unknown snapshot'; Id = 'SnapshotNotFound'; Parameters = @{ Name = 'x'; Snapshot = 'nosuch' } }
            @{ What = 'an unknown instance'; Id = 'InstanceNotFound'; Parameters = @{ Name = 'x'; Size = 1; Instance = 'nosuch' } }
            @{ What = 'no name'; Id = 'NameMissing'; Parameters = @{ Size = 1 } }
            @{ What = 'a folder of the system'; Id = 'MountPointInvalid'; Parameters = @{ Name = 'x'; Size = 1; Instance = 'od1'; MountPoint = '/etc' } }
            @{ What = 'a folder on no machine'; Id = 'MountPointWithoutInstance'; Parameters = @{ Name = 'x'; Size = 1; MountPoint = '/mnt/a' } }
            @{ What = 'a file system that nobody makes'; Id = 'FileSystemWithoutInstance'; Parameters = @{ Name = 'x'; Size = 1; FileSystem = 'xfs' } }
            @{ What = 'a mount at each start of nothing'; Id = 'PersistWithoutInstance'; Parameters = @{ Name = 'x'; Size = 1; Persist = $true } }
            @{ What = 'a zone beside that of the instance'; Id = 'ZoneWithInstance'; Parameters = @{ Name = 'x'; Size = 1; Instance = 'od1'; Zone = 'us-east-2c' } }
            @{ What = 'a tag of the module'; Id = 'TagReserved'; Parameters = @{ Name = 'x'; Size = 1; Tag = @{ 'fe2:owner' = 'me' } } }
            @{ What = 'what EC2 does not sell'; Id = 'ValueRefused'; Parameters = @{ Name = 'x'; Size = 1; Type = 'st1' } }
        ) {
            $failure = $null
            $null = New-Fe2Volume @Parameters -ErrorAction SilentlyContinue -ErrorVariable failure
            $failure[0].FullyQualifiedErrorId | Should -Be "$Id,Fe2Ps.Commands.NewFe2VolumeCommand"
            $failure[0].ErrorDetails.RecommendedAction | Should -Not -BeNullOrEmpty
            { New-Fe2Volume @Parameters -ErrorAction Stop } | Should -Throw -ErrorId "$Id,*"
            Get-Fe2Volume x* | Should -BeNullOrEmpty
        }

        It 'needs a size or a snapshot' {
            { New-Fe2Volume -Name x -Size 0 } | Should -Throw
            (Get-Command New-Fe2Volume).ParameterSets.Name | Should -Be 'Size', 'Snapshot'
        }
    }

    Context 'Get-Fe2Volume' {
        It 'selects by name, wildcard, id and instance' {
            (Get-Fe2Volume data).Name | Should -Be 'data'
            (Get-Fe2Volume dat*, fast).Name | Should -Be 'data', 'fast'
            (Get-Fe2Volume (Get-Fe2Volume data).VolumeId).Name | Should -Be 'data'
            (Get-Fe2Volume -VolumeId (Get-Fe2Volume data).VolumeId).Name | Should -Be 'data'
            (Get-Fe2Volume data | Get-Fe2Volume).Name | Should -Be 'data'
            Get-Fe2Volume -Instance od1 | Should -BeNullOrEmpty
            (Get-Fe2Instance od1 | Get-Fe2Volume -IncludeRoot).AttachedTo | Should -Be (Get-Fe2Instance od1).InstanceId
        }

        It 'shows what costs money for nothing' {
            (Get-Fe2Volume -Orphan).Name | Should -Contain 'data'
            (Get-Fe2Volume -Orphan -IncludeRoot).Name | Should -Not -Contain 'od1'
        }

        It 'asks once for all that a pipeline names' {
            Clear-Fe2Call
            $found = 'data', 'nosuch', 'fast' | Get-Fe2Volume -ErrorAction SilentlyContinue -ErrorVariable failure
            $found.Name | Should -Be 'data', 'fast'
            $failure[0].TargetObject | Should -Be 'nosuch'
            @(Get-Fe2Call DescribeVolumes).Count | Should -Be 1
            Add-Fe2Seed 450 many
            Clear-Fe2Call
            (Get-Fe2Instance many* | Get-Fe2Volume -IncludeRoot).Count | Should -Be 450
            @(Get-Fe2Call).Count | Should -BeLessThan 12
        }

        It 'takes names of a list from elsewhere, and says what is no volume' {
            ([pscustomobject]@{ Name = 'data' } | Get-Fe2Volume).Name | Should -Be 'data'
            { Get-Date | Get-Fe2Volume -ErrorAction Stop } | Should -Throw -ErrorId 'NotAVolume,*'
            { [pscustomobject]@{ Name = 'data' } | Remove-Fe2Volume -Confirm:$false -ErrorAction Stop } | Should -Throw -ErrorId 'NotAVolume,*'
        }

        It 'gives nothing for a wildcard, and an error for a name, that matches nothing' {
            Get-Fe2Volume nosuch* -ErrorAction Stop | Should -BeNullOrEmpty
            $found = Get-Fe2Volume nosuch, data -ErrorAction SilentlyContinue -ErrorVariable failure
            $found.Name | Should -Be 'data'
            $failure.Count | Should -Be 1
            $failure[0].CategoryInfo.Category | Should -Be 'ObjectNotFound'
            { Get-Fe2Volume vol-00000000000000000 -ErrorAction Stop } | Should -Throw -ErrorId 'VolumeNotFound,*'
        }

        It 'shows the columns' {
            $text = Get-Fe2Volume data | Out-String -Width 200
            foreach ($column in 'Name', 'Id', 'State', 'Size', 'Type', 'Zone', 'AttachedTo', 'MountPoint', 'Age') { $text | Should -Match "\b$column\b" }
            $text | Should -Match '20 GiB'
            Get-Fe2Volume data | Format-List | Out-String | Should -Match 'Encrypted'
            (Get-Fe2Volume data | ConvertTo-Json -Depth 3 -WarningAction SilentlyContinue).Length | Should -BeLessThan 4000
        }

        It 'completes names' {
            Wait-Until { 'data' -in (Get-Completion 'Get-Fe2Volume da') }
            Get-Completion 'Get-Fe2Volume 한' | Should -Be "'한국어 이름'"
        }
    }

    Context 'Snapshots' {
        It 'are taken, waited for and made into volumes, by pipeline' {
            $snapshot = Get-Fe2Volume data | New-Fe2Snapshot snap1 -Description 'the first' -Tag @{ team = 'red' }
            $snapshot.Name | Should -Be 'snap1'
            $snapshot.PSObject.TypeNames[0] | Should -Be 'Fe2Ps.Snapshot'
            $snapshot.Description | Should -Be 'the first'
            $done = $snapshot | Wait-Fe2Snapshot -Timeout 30
            $done.State | Should -Be 'completed'
            $done.Percent | Should -Be 100
            $copy = $done | New-Fe2Volume -Size 30
            $copy.Name | Should -Be 'snap1'
            $copy.SnapshotId | Should -Be $snapshot.SnapshotId
            $copy.Size | Should -Be 30
            (New-Fe2Volume vol1 -Snapshot snap1 -Zone us-east-2b).AvailabilityZone | Should -Be 'us-east-2b'
            { New-Fe2Volume small -Snapshot snap1 -Size 10 -ErrorAction Stop } | Should -Throw -ErrorId 'SizeInvalid,*'
        }

        It 'have the volume''s name where none is given, and the newest is meant' {
            $first = New-Fe2Snapshot fast -Wait
            $first.Name | Should -Be 'fast'
            $second = 'fast' | New-Fe2Snapshot -Wait
            (Get-Fe2Snapshot fast).Count | Should -Be 2
            (New-Fe2Volume of-newest -Snapshot fast).SnapshotId | Should -Be $second.SnapshotId
            { Remove-Fe2Snapshot fast -Confirm:$false -ErrorAction Stop } | Should -Throw -ErrorId 'SnapshotAmbiguous,*'
            (Remove-Fe2Snapshot fast* -Confirm:$false -PassThru).Count | Should -Be 2
        }

        It 'are those of a volume, or of an image, from the pipeline' {
            (Get-Fe2Volume data | Get-Fe2Snapshot).Name | Should -Be 'snap1'
            Get-Fe2Volume fast | Get-Fe2Snapshot -ErrorAction Stop | Should -BeNullOrEmpty
            ([pscustomobject]@{ Name = 'snap1' } | Get-Fe2Snapshot).Name | Should -Be 'snap1'
            ('snap1' | Get-Fe2Snapshot | Get-Fe2Snapshot).Name | Should -Be 'snap1'
            $image = New-Fe2Ami od1 frozen -NoReboot -Wait
            ($image | Get-Fe2Snapshot).SnapshotId | Should -Be $image.BlockDeviceMappings[0].Ebs.SnapshotId
            $image | Remove-Fe2Ami -Confirm:$false
            { Get-Date | Get-Fe2Snapshot -ErrorAction Stop } | Should -Throw -ErrorId 'NotASnapshot,*'
        }

        It 'are listed by name and as orphans' {
            (Get-Fe2Snapshot snap*).Name | Should -Be 'snap1'
            (Get-Fe2Snapshot -SnapshotId (Get-Fe2Snapshot snap1).SnapshotId).Name | Should -Be 'snap1'
            Get-Fe2Snapshot -Orphan | Should -BeNullOrEmpty
            New-Fe2Volume gone -Size 1 | New-Fe2Snapshot lonely -Wait | Out-Null
            Remove-Fe2Volume gone -Confirm:$false
            (Get-Fe2Snapshot -Orphan).Name | Should -Be 'lonely'
            $text = Get-Fe2Snapshot | Out-String -Width 200
            foreach ($column in 'Name', 'Id', 'State', 'Size', 'Volume', 'Age', 'Description') { $text | Should -Match "\b$column\b" }
            { Get-Fe2Snapshot nosuch -ErrorAction Stop } | Should -Throw -ErrorId 'SnapshotNotFound,*'
            Wait-Until { 'lonely' -in (Get-Completion 'Remove-Fe2Snapshot lo') }
        }

        It 'are not taken, and not removed, with -WhatIf' {
            Clear-Fe2Call
            New-Fe2Snapshot data -WhatIf
            Remove-Fe2Snapshot snap1 -WhatIf
            Get-Fe2Snapshot snap1 | Remove-Fe2Snapshot -WhatIf
            (Get-Fe2Call).operation | Select-Object -Unique | Should -BeIn 'DescribeVolumes', 'DescribeSnapshots'
        }

        It 'need a volume' {
            { New-Fe2Snapshot } | Should -Throw -ErrorId 'VolumeMissing,*'
            $failure = $null
            'nosuch', 'data' | New-Fe2Snapshot -Name both -ErrorAction SilentlyContinue -ErrorVariable failure | Should -HaveCount 1
            $failure[0].FullyQualifiedErrorId | Should -BeLike 'VolumeNotFound,*'
        }

        It 'that take too long are an error, and go on' {
            Add-Fe2Fault @{ kind = 'slow'; operation = 'DescribeSnapshots'; seconds = 1; times = 3 }
            $failure = $null
            $null = New-Fe2Snapshot data -Name late | Wait-Fe2Snapshot -Timeout 1 -ErrorAction SilentlyContinue -ErrorVariable failure
            Clear-Fe2Fault
            (Wait-Fe2Snapshot late).State | Should -Be 'completed'
        }
    }

    Context 'What changes volumes' {
        It 'changes nothing with -WhatIf: <Command>' -ForEach @(
            @{ Command = 'Mount-Fe2Volume'; Value = @('od1') }, @{ Command = 'Dismount-Fe2Volume'; Value = @() }
            @{ Command = 'Resize-Fe2Volume'; Value = @(40) }, @{ Command = 'Remove-Fe2Volume'; Value = @() }
        ) {
            Clear-Fe2Call
            & $Command data @Value -WhatIf
            Get-Fe2Volume data | & $Command @Value -WhatIf
            (Get-Fe2Call).operation | Select-Object -Unique | Should -Be 'DescribeVolumes'
        }

        It 'resizes what is free, in both forms' {
            (Resize-Fe2Volume data 25).Size | Should -Be 25
            (Get-Fe2Volume fast | Resize-Fe2Volume 120).Size | Should -Be 120
            { Resize-Fe2Volume fast 10 -ErrorAction Stop } | Should -Throw -ErrorId 'SizeInvalid,*'
            { Resize-Fe2Volume fast 130 -ErrorAction Stop } | Should -Throw -ErrorId 'VolumeChangedLately,*'
            { Resize-Fe2Volume fast } | Should -Throw -ErrorId 'SizeMissing,*'
            { 'fast' | Resize-Fe2Volume much -ErrorAction Stop } | Should -Throw -ErrorId 'SizeInvalid,*'
        }

        It 'needs both a volume and an instance to mount' {
            { Mount-Fe2Volume data } | Should -Throw -ErrorId 'InstanceMissing,*'
            { Mount-Fe2Volume -Instance od1 } | Should -Throw -ErrorId 'VolumeMissing,*'
            { Mount-Fe2Volume fast od1 -ErrorAction Stop } | Should -Throw -ErrorId 'VolumeInOtherZone,*'
            { Mount-Fe2Volume data nosuch -ErrorAction Stop } | Should -Throw -ErrorId 'InstanceNotFound,*'
        }

        It 'never takes a root disk by its machine''s name' {
            { Remove-Fe2Volume od1 -Confirm:$false -ErrorAction Stop } | Should -Throw -ErrorId 'VolumeNotFound,*'
            $root = Get-Fe2Volume -Instance od1 -IncludeRoot
            { $root | Dismount-Fe2Volume -ErrorAction Stop } | Should -Throw -ErrorId 'VolumeIsRoot,*'
            { $root | Remove-Fe2Volume -Confirm:$false -ErrorAction Stop } | Should -Throw -ErrorId 'VolumeInUse,*'
        }

        It 'touches no volume where a pipeline names none: <Call>' -ForEach @(
            @{ Call = { Get-Fe2Instance od1 | Resize-Fe2Volume 100 @How } }, @{ Call = { $null | Resize-Fe2Volume 100 @How } }
            @{ Call = { [pscustomobject]@{ Disk = 'data' } | Resize-Fe2Volume 100 @How } }, @{ Call = { Get-Fe2Snapshot snap1 | Mount-Fe2Volume od1 @How } }
            @{ Call = { Get-Fe2Instance od1 | New-Fe2Snapshot before -Stop @How } }, @{ Call = { 1 | New-Fe2Snapshot before -Stop @How } }
            @{ Call = { Get-Fe2Instance nosuch* | Resize-Fe2Volume 100 @How } }
        ) {
            $sizes = (Get-Fe2Volume).Size
            $How = @{ ErrorAction = 'SilentlyContinue'; ErrorVariable = 'failures' }
            Clear-Fe2Call
            . $Call | Should -BeNullOrEmpty
            Get-Fe2Call | Where-Object operation -NotLike 'Describe*' | Should -BeNullOrEmpty
            Get-Fe2Call DescribeVolumes | Should -BeNullOrEmpty
            (Get-Fe2Volume).Size | Should -Be $sizes
            Get-Fe2Snapshot before* | Should -BeNullOrEmpty
            (Get-Fe2Instance od1).State | Should -Be 'running'
            $failures | Select-Object -First 1 | ForEach-Object FullyQualifiedErrorId | Should -BeIn $null, 'NotAVolume,Fe2Ps.Commands.ResizeFe2VolumeCommand',
                'NotAVolume,Fe2Ps.Commands.MountFe2VolumeCommand', 'NotAVolume,Fe2Ps.Commands.NewFe2SnapshotCommand'
        }

        It 'leaves a free volume alone when it is dismounted' {
            (Dismount-Fe2Volume data -PassThru).State | Should -Be 'available'
            (Get-Alias Detach-Fe2Volume).Definition | Should -Be 'Dismount-Fe2Volume'
        }

        It 'does not take a snapshot for the volume that it is of' {
            { Get-Fe2Snapshot snap1 | Remove-Fe2Volume -Confirm:$false -ErrorAction Stop } | Should -Throw -ErrorId 'NotAVolume,*'
            (Get-Fe2Volume data).State | Should -Be 'available'
            { Get-Fe2Volume data | Remove-Fe2Snapshot -Confirm:$false -ErrorAction Stop } | Should -Throw -ErrorId 'NotASnapshot,*'
        }

        It 'lists the ids of a name that stands for several' {
            $ids = 1, 2 | ForEach-Object { New-Fe2Volume "twin$_" -Size 1 } | ForEach-Object VolumeId
            $failure = $null
            Remove-Fe2Volume twin1, nosuch -Confirm:$false -ErrorAction SilentlyContinue -ErrorVariable failure
            $failure.Count | Should -Be 1
            Remove-Fe2Volume $ids[1] -Confirm:$false
            Wait-Until { -not (Get-Fe2Volume twin*) }
        }

        It 'asks before it removes: <_> has high impact' -ForEach 'Remove-Fe2Volume', 'Remove-Fe2Snapshot' {
            (Get-Command $_).ImplementingType.CustomAttributes.NamedArguments |
                Where-Object MemberName -EQ ConfirmImpact | ForEach-Object { $_.TypedValue.Value } | Should -Be 3
        }

        It 'removes by pipeline, and goes on after one that refuses' {
            $failure = $null
            $gone = Get-Fe2Volume data, fast, (Get-Fe2Volume -Instance od1 -IncludeRoot).VolumeId |
                Remove-Fe2Volume -Confirm:$false -PassThru -ErrorAction SilentlyContinue -ErrorVariable failure
            ($gone.Name | Sort-Object) | Should -Be 'data', 'fast'
            $failure.Count | Should -Be 1
        }
    }
}

Describe 'Volumes on machines' -Skip:$skip {
    BeforeAll {
        . (Join-Path $PSScriptRoot 'Common.ps1')
        Initialize-Fe2Test
        $null = Start-Fe2Sandbox -Hosts Container -Speed Fast
        $null = New-Fe2Instance od1 -Zone us-east-2a
        $null = New-Fe2Instance far -Zone us-east-2b
    }

    AfterAll { Clear-Fe2Test }

    It 'do what the seed does: made, written, snapshotted, restored elsewhere' {
        $volume = New-Fe2Volume -Size 1 -Instance od1
        $volume.Name | Should -Be 'od1'
        $volume.State | Should -Be 'in-use'
        $volume.MountPoint | Should -Be '/mnt/fe2_disk'
        $volume.Attachments[0].DeleteOnTermination | Should -BeTrue
        $sum = Invoke-Fe2Command od1 'cd /mnt/fe2_disk && head -c 3000000 /dev/urandom > data && sha256sum data'
        $null = New-Fe2Snapshot od1 snap1 -Wait
        $copy = New-Fe2Volume -Name vol1 -Snapshot snap1 -Instance far -KeepOnTermination
        $copy.Attachments[0].DeleteOnTermination | Should -BeFalse
        Invoke-Fe2Command far 'cd /mnt/fe2_disk && sha256sum data' | Should -Be $sum
        (Get-Fe2Volume -Instance far).Name | Should -Be 'vol1'
    }

    It 'name what holds them, let -Force end it, and move when asked' {
        Invoke-Fe2Command od1 'cd /mnt/fe2_disk && (nohup sleep 4321 >/dev/null 2>&1 &)'
        $failure = $null
        Dismount-Fe2Volume od1 -ErrorAction SilentlyContinue -ErrorVariable failure
        $failure[0].FullyQualifiedErrorId | Should -BeLike 'VolumeBusy,*'
        "$($failure[0])" | Should -Match 'sleep 4321'
        Get-Fe2Volume od1 | Dismount-Fe2Volume -Force -PassThru -WarningVariable said -WarningAction SilentlyContinue | ForEach-Object State | Should -Be 'available'
        "$said" | Should -Match 'sleep 4321'
        { Get-Fe2Volume od1 | Mount-Fe2Volume far -ErrorAction Stop } | Should -Throw -ErrorId 'VolumeInOtherZone,*'
        (Get-Fe2Volume od1 | Mount-Fe2Volume far -Move -MountPoint /mnt/moved).AvailabilityZone | Should -Be 'us-east-2b'
        Invoke-Fe2Command far 'ls /mnt/moved' | Should -Contain 'data'
    }

    It 'grow while they are in use, and are removed by force' {
        (New-Fe2Volume grows 1 od1 -FileSystem xfs).MountPoint | Should -Be '/mnt/fe2_disk'
        (Get-Fe2Volume grows | Resize-Fe2Volume 2).Size | Should -Be 2
        [int](Invoke-Fe2Command od1 'df --output=size -B1M /mnt/fe2_disk | tail -1') | Should -BeGreaterThan 1800
        { Remove-Fe2Volume grows -Confirm:$false -ErrorAction Stop } | Should -Throw -ErrorId 'VolumeInUse,*'
        Remove-Fe2Volume grows -Force -Confirm:$false
        Get-Fe2Volume grow* | Where-Object State -NE deleting | Should -BeNullOrEmpty
    }

    It 'go with their machine, or stay' {
        Get-Fe2Instance far | Remove-Fe2Instance -Confirm:$false -PassThru | Wait-Fe2Instance -State terminated -Timeout 60
        $left = Get-Fe2Volume
        $left.Name | Should -Contain 'vol1'
        $left.State | Should -Not -Contain 'in-use'
    }
}
