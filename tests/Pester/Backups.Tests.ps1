# Backups as a user of PowerShell has them. That snapshots hold what they should is shown on real disks by the tests of Core.
Describe 'Backups' {
    BeforeAll {
        . (Join-Path $PSScriptRoot 'Common.ps1')
        . (Join-Path $PSScriptRoot 'World.ps1')
        Initialize-Fe2Test
        New-Fe2Record
        $endpoint = (Get-Fe2Sandbox -Current).EndpointUrl
    }

    AfterAll { Clear-Fe2Test }
    AfterEach { Get-Fe2Backup | Unregister-Fe2Backup -WarningAction Ignore }

    It 'are made for each volume, shown with their next time, and ended' {
        $null = New-Fe2Volume logs 1
        $made = Get-Fe2Volume data, logs | Register-Fe2Backup -Every 6h -At 3:30 -Keep 2
        $made.Name | Should -Be data, logs
        $made[0].PSObject.TypeNames[0] | Should -Be Fe2Ps.Backup
        $made[0].Next | Should -BeGreaterThan ([DateTimeOffset]::UtcNow)
        $made[0].Next.Minute | Should -Be 30
        ($made | Out-String) | Should -Match 'data +data +6 h +2 +enabled'
        ($made[0] | Format-List | Out-String) | Should -Match 'every 6 h from 03:30 UTC, 2 kept'
        $null = Invoke-RestMethod -Method Post -Uri "$endpoint/_sandbox/policies/$($made[0].PolicyId)"
        Wait-Until { (Get-Fe2Backup data).Snapshots -eq 1 } -Seconds 60
        Get-Fe2Backup d* | Should -HaveCount 1
        (Get-Fe2Backup data | ConvertTo-Json).Length | Should -BeLessThan 1500

        $warnings = $null
        $ended = $made[0] | Unregister-Fe2Backup -PassThru -WarningVariable warnings -WarningAction SilentlyContinue
        $ended.Name | Should -Be data
        "$warnings" | Should -Match 'snapshots stay'
        (Get-Fe2Backup).Name | Should -Be logs
        Get-Fe2Snapshot data | Should -Not -BeNullOrEmpty
        Remove-Fe2Volume logs -Confirm:$false
    }

    It 'with a name hold all that is named, of instances too' {
        $made = Register-Fe2Backup -Instance od1, spot2 -Name machines -ExcludeRoot
        $made.Of | Should -Be od1, spot2
        $made.ExcludeRoot | Should -BeTrue
        "$($made.Kind)" | Should -Be Instance
        (Get-Fe2Backup machines).ResourceIds | Should -HaveCount 2
    }

    It 'that cannot be are refused with what can: <Call>' -ForEach @(
        @{ Call = { Register-Fe2Backup data -Every 5h @How }; Id = 'EveryInvalid'; Says = '1, 2, 3, 4, 6, 8, 12 or 24 hours' }
        @{ Call = { Register-Fe2Backup data -Keep 0 @How }; Id = 'KeepInvalid'; Says = '1 to 1000' }
        @{ Call = { Register-Fe2Backup data -At noon @How }; Id = 'AtInvalid'; Says = 'no time of day' }
    ) {
        $failures = $null
        $How = @{ ErrorAction = 'SilentlyContinue'; ErrorVariable = 'failures' }
        . $Call | Should -BeNullOrEmpty
        $failures[0].FullyQualifiedErrorId | Should -BeLike "$Id,*"
        $failures[0].Exception.Message | Should -Match $Says
        Get-Fe2Backup | Should -BeNullOrEmpty
    }

    It 'are offered by Tab' {
        $null = Register-Fe2Backup data -Name nightly
        $null = Get-Fe2Backup
        Get-Completion 'Unregister-Fe2Backup ni' | Should -Be nightly
        Get-Completion 'Register-Fe2Backup data -Every 1' | Should -Be 1h, 12h
    }

    It 'come back as volumes, by name, by time, or as snapshots' {
        $first = Restore-Fe2Volume data -NewName first
        $first.Name | Should -Be first
        $first.State | Should -Be available
        $again = Get-Fe2Snapshot snap1 | Restore-Fe2Volume -NewName second
        $again.SnapshotId | Should -Be (Get-Fe2Snapshot snap1).SnapshotId
        { Restore-Fe2Volume data -At ([datetime]::Now.AddYears(-1)) -ErrorAction Stop } | Should -Throw -ErrorId 'SnapshotNotFound,Fe2Ps.Commands.RestoreFe2VolumeCommand'
        $replaced = Restore-Fe2Volume data -Replace -WarningAction SilentlyContinue
        $replaced.Name | Should -Be data
        (Get-Fe2Volume data-replaced).VolumeId | Should -Not -Be $replaced.VolumeId
    }

    It 'of the disk that a machine boots from stop it once, and start it again' {
        Clear-Fe2Call
        $taken = Get-Fe2Volume -Instance od1 -IncludeRoot | New-Fe2Snapshot -Name still -Stop
        $taken.Name | Should -Be still
        Get-Fe2Call StopInstances | Should -HaveCount 1
        Get-Fe2Call StartInstances | Should -HaveCount 1
        $null = Wait-Fe2Instance od1 -Timeout 60
        $failures = $null
        Get-Fe2Volume -Instance spot2 -IncludeRoot | New-Fe2Snapshot -Stop -ErrorAction SilentlyContinue -ErrorVariable failures | Should -BeNullOrEmpty
        $failures | Should -HaveCount 1
    }

    It 'are not all: -KeepVolume lets the disk of a machine stay' {
        $machine = New-Fe2Instance kept -KeepVolume -NoWait
        $null = Wait-Fe2Instance kept -Timeout 60
        $disk = Get-Fe2Volume -Instance kept -IncludeRoot
        Remove-Fe2Instance kept -Confirm:$false
        Wait-Until { (Get-Fe2Volume -VolumeId $disk.VolumeId).State -eq 'available' } -Seconds 60
        (Get-Fe2Volume kept -Orphan).VolumeId | Should -Be $disk.VolumeId
        Remove-Fe2Volume kept -Confirm:$false
    }
}
