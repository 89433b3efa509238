Describe 'Shared file systems' {
    BeforeAll {
        . (Join-Path $PSScriptRoot 'Common.ps1')
        Initialize-Fe2Test
        $null = Start-Fe2Sandbox -Hosts None -Speed Fast
        $null = New-Fe2Instance od1 -NoWait
        $null = Wait-Fe2Instance od1 -Timeout 60
    }

    AfterAll { Clear-Fe2Test }

    It 'are not made by -WhatIf' {
        Clear-Fe2Call
        Mount-Fe2FileSystem shared od1 -WhatIf | Should -BeNullOrEmpty
        Get-Fe2Call | Where-Object operation -NotMatch '^(Describe|Get|List)' | Should -BeNullOrEmpty
    }

    It 'are not made where <What>' -ForEach @(
        @{ What = 'an id stands for nothing'; Name = 'fs-0123456789abcdef0'; Parameters = @{}; Id = 'FileSystemNotFound' }
        @{ What = 'the folder is none'; Name = 'shared'; Parameters = @{ MountPoint = 'here' }; Id = 'MountPointInvalid' }
        @{ What = 'the machine is none'; Name = 'shared'; Parameters = @{ Instance = 'nosuch' }; Id = 'InstanceNotFound' }
    ) {
        $how = $Parameters.Instance ? $Parameters : (@{ Instance = 'od1' } + $Parameters)
        { Mount-Fe2FileSystem $Name @how -ErrorAction Stop } | Should -Throw -ErrorId "$Id,*"
        Get-Fe2FileSystem | Should -BeNullOrEmpty
    }

    It 'of one name are an error that lists the ids, where something would change: <What>' -ForEach @(
        @{ What = 'removing'; Call = { Remove-Fe2FileSystem twin -Confirm:$false -ErrorAction SilentlyContinue -ErrorVariable failure } }
        @{ What = 'dismounting'; Call = { Dismount-Fe2FileSystem twin od1 -ErrorAction SilentlyContinue -ErrorVariable failure } }
        @{ What = 'mounting'; Call = { Mount-Fe2FileSystem twin od1 -ErrorAction SilentlyContinue -ErrorVariable failure } }
    ) {
        Add-Fe2FileSystem twin, twin
        $ids = (Get-Fe2FileSystem twin).FileSystemId
        $ids.Count | Should -Be 2
        Clear-Fe2Call
        $failure = $null
        . $Call
        $failure[0].FullyQualifiedErrorId | Should -BeLike 'FileSystemAmbiguous,*'
        foreach ($id in $ids) { "$($failure[0])" | Should -Match $id }
        Get-Fe2Call | Where-Object operation -NotMatch '^(Describe|Get|List)' | Should -BeNullOrEmpty
        Remove-Fe2FileSystem $ids[0] -Confirm:$false
        (Get-Fe2FileSystem twin).FileSystemId | Should -Be $ids[1]
        Remove-Fe2FileSystem twin -Confirm:$false
        Get-Fe2FileSystem | Should -BeNullOrEmpty
    }

    It 'are none where nothing is named' {
        Add-Fe2FileSystem one, two
        $null | Remove-Fe2FileSystem -Confirm:$false -ErrorAction SilentlyContinue
        Get-Fe2Instance od1 | Remove-Fe2FileSystem -Confirm:$false -ErrorAction SilentlyContinue
        { Remove-Fe2FileSystem @() -Confirm:$false } | Should -Throw
        (Get-Fe2FileSystem).Name | Should -Be 'one', 'two'
        (Remove-Fe2FileSystem * -Confirm:$false -PassThru).Count | Should -Be 2
    }

    It 'that no machine could mount are found, shown and removed' {
        # Without a machine behind the record nobody can log in; what was made until then stays, and is found.
        $stopped = Stop-Fe2Instance od1 -PassThru | Wait-Fe2Instance -State stopped
        Mount-Fe2FileSystem shared $stopped.InstanceId -ErrorAction SilentlyContinue -ErrorVariable failure -WarningVariable said 3>$null | Should -BeNullOrEmpty
        $failure[0].FullyQualifiedErrorId | Should -BeLike 'InstanceNotRunning,*'
        $system = Get-Fe2FileSystem shared
        "$said" | Should -BeLike "*Remove-Fe2FileSystem $($system.FileSystemId) -Region us-east-2*"
        $system.PSObject.TypeNames[0] | Should -Be 'Fe2Ps.FileSystem'
        $system.State, $system.Encrypted, $system.NumberOfMountTargets | Should -Be 'available', $true, 3
        $text = Get-Fe2FileSystem s* | Out-String -Width 160
        foreach ($column in 'Name', 'Id', 'State', 'Size', 'MountTargets', 'Encrypted', 'Age') { $text | Should -Match "\b$column\b" }
        $text | Should -Match 'shared\s+fs-[0-9a-f…]+\s+available\s+6 KiB\s+3\s+True'
        $system | Format-List | Out-String | Should -Match 'ThroughputMode\s*: bursting'
        (Get-Fe2FileSystem | ConvertTo-Json -WarningAction SilentlyContinue).Length | Should -BeLessThan 3000
        Wait-Until { (Get-Completion 'Remove-Fe2FileSystem sh') -contains 'shared' } -What 'the file system is offered'
        ($system | Remove-Fe2FileSystem -Confirm:$false -PassThru).Name | Should -Be 'shared'
        Get-Fe2FileSystem | Should -BeNullOrEmpty
    }
}
