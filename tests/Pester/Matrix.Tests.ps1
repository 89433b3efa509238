BeforeDiscovery {
    Import-Module (Join-Path $env:FE2_MODULE 'Fe2Ps.psd1')
    $commands = Get-Command -Module Fe2Ps -CommandType Cmdlet

    # Each cmdlet that changes something, as somebody would ask it what it would do.
    $asks = @{
        'Copy-Fe2Item' = { Copy-Fe2Item $PSCommandPath od1: -WhatIf }
        'Dismount-Fe2FileSystem' = { Dismount-Fe2FileSystem nosuch od1 -WhatIf -ErrorAction SilentlyContinue }
        'Dismount-Fe2Volume' = { Dismount-Fe2Volume data -WhatIf }
        'Get-Fe2SshConfig' = { Get-Fe2SshConfig -Install -WhatIf }
        'Invoke-Fe2Command' = { Invoke-Fe2Command od1 'true' -WhatIf }
        'Invoke-Fe2Script' = { Invoke-Fe2Script $PSCommandPath od1 -WhatIf }
        'Mount-Fe2FileSystem' = { Mount-Fe2FileSystem other od1 -WhatIf }
        'Mount-Fe2Volume' = { Mount-Fe2Volume data od1 -WhatIf }
        'New-Fe2Ami' = { New-Fe2Ami od1 -Name other -WhatIf }
        'New-Fe2Group' = { New-Fe2Group other -Spot 50% -WhatIf }
        'New-Fe2Instance' = { New-Fe2Instance other -WhatIf }
        'New-Fe2Snapshot' = { New-Fe2Snapshot data -WhatIf }
        'New-Fe2Volume' = { New-Fe2Volume other 1 -Instance od1 -WhatIf }
        'Open-Fe2Notebook' = { Open-Fe2Notebook od1 -WhatIf }
        'Receive-Fe2Script' = { Receive-Fe2Script nosuch . -WhatIf -ErrorAction SilentlyContinue }
        'Register-Fe2Backup' = { Register-Fe2Backup data -WhatIf }
        'Remove-Fe2Ami' = { Remove-Fe2Ami base -WhatIf }
        'Remove-Fe2FileSystem' = { Remove-Fe2FileSystem * -WhatIf }
        'Remove-Fe2Group' = { Remove-Fe2Group grp -WhatIf }
        'Remove-Fe2Instance' = { Remove-Fe2Instance * -WhatIf }
        'Remove-Fe2Snapshot' = { Remove-Fe2Snapshot snap1 -WhatIf }
        'Remove-Fe2Volume' = { Remove-Fe2Volume data -WhatIf }
        'Resize-Fe2Volume' = { Resize-Fe2Volume data 30 -WhatIf }
        'Restart-Fe2Instance' = { Restart-Fe2Instance od1 -WhatIf }
        'Restore-Fe2Volume' = { Restore-Fe2Volume data -WhatIf }
        'Send-Fe2Command' = { Send-Fe2Command od1 'ls' -WhatIf }
        'Set-Fe2Default' = { Set-Fe2Default -DiskSize 99 -WhatIf }
        'Set-Fe2Group' = { Set-Fe2Group grp -Desired 1 -Max 3 -WhatIf }
        'Set-Fe2InstanceType' = { Set-Fe2InstanceType old1 m5.large -WhatIf }
        'Start-Fe2Instance' = { Start-Fe2Instance old1 -WhatIf }
        'Start-Fe2Sandbox' = { Start-Fe2Sandbox -WhatIf }
        'Start-Fe2Tunnel' = { Start-Fe2Tunnel od1 18022:22 -WhatIf }
        'Stop-Fe2Instance' = { Stop-Fe2Instance od1 -WhatIf }
        'Stop-Fe2Sandbox' = { Stop-Fe2Sandbox -WhatIf }
        'Stop-Fe2Script' = { Stop-Fe2Script nosuch -WhatIf -ErrorAction SilentlyContinue }
        'Stop-Fe2Tunnel' = { Get-Fe2Tunnel | Stop-Fe2Tunnel -WhatIf }
        'Unregister-Fe2Backup' = { Unregister-Fe2Backup * -WhatIf }
    }
    # Each cmdlet that changes something, with what stands on its command line when the rest comes down a pipeline, and what it
    # takes from there. What is missing takes nothing from a pipeline but the place to work in.
    $pipes = @{
        'Copy-Fe2Item' = @{ Call = { $Thing | Copy-Fe2Item -Destination od1: @How }; Takes = 'image' }
        'Dismount-Fe2FileSystem' = @{ Call = { $Thing | Dismount-Fe2FileSystem shared @How }; Takes = 'instance' }
        'Dismount-Fe2Volume' = @{ Call = { $Thing | Dismount-Fe2Volume @How }; Takes = 'volume' }
        'Get-Fe2SshConfig' = @{ Call = { $Thing | Get-Fe2SshConfig -Install @How }; Takes = 'instance' }
        'Invoke-Fe2Command' = @{ Call = { $Thing | Invoke-Fe2Command 'true' @How }; Takes = 'instance' }
        'Invoke-Fe2Script' = @{ Call = { $Thing | Invoke-Fe2Script $PSCommandPath @How }; Takes = 'instance' }
        'Mount-Fe2FileSystem' = @{ Call = { $Thing | Mount-Fe2FileSystem other @How }; Takes = 'instance' }
        'Mount-Fe2Volume' = @{ Call = { $Thing | Mount-Fe2Volume od1 @How }; Takes = 'volume' }
        'New-Fe2Ami' = @{ Call = { $Thing | New-Fe2Ami -Name other @How }; Takes = 'instance' }
        'New-Fe2Group' = @{ Call = { $Thing | New-Fe2Group @How }; Takes = 'instance', 'image', 'number' }
        'New-Fe2Instance' = @{ Call = { $Thing | New-Fe2Instance @How }; Takes = 'instance', 'image', 'number' }
        'New-Fe2Snapshot' = @{ Call = { $Thing | New-Fe2Snapshot other -Stop @How }; Takes = 'volume' }
        'New-Fe2Volume' = @{ Call = { $Thing | New-Fe2Volume other @How }; Takes = 'snapshot' }
        'Open-Fe2Notebook' = @{ Call = { $Thing | Open-Fe2Notebook @How }; Takes = 'instance' }
        'Receive-Fe2Script' = @{ Call = { $Thing | Receive-Fe2Script @How } }
        'Register-Fe2Backup' = @{ Call = { $Thing | Register-Fe2Backup @How }; Takes = 'instance', 'volume' }
        'Remove-Fe2Ami' = @{ Call = { $Thing | Remove-Fe2Ami -Force @How }; Takes = 'image' }
        'Remove-Fe2FileSystem' = @{ Call = { $Thing | Remove-Fe2FileSystem @How } }
        'Remove-Fe2Group' = @{ Call = { $Thing | Remove-Fe2Group @How }; Takes = 'group' }
        'Remove-Fe2Instance' = @{ Call = { $Thing | Remove-Fe2Instance @How }; Takes = 'instance' }
        'Remove-Fe2Snapshot' = @{ Call = { $Thing | Remove-Fe2Snapshot @How }; Takes = 'snapshot' }
        'Remove-Fe2Volume' = @{ Call = { $Thing | Remove-Fe2Volume -Force @How }; Takes = 'volume' }
        'Resize-Fe2Volume' = @{ Call = { $Thing | Resize-Fe2Volume 100 @How }; Takes = 'volume' }
        'Restart-Fe2Instance' = @{ Call = { $Thing | Restart-Fe2Instance @How }; Takes = 'instance' }
        'Restore-Fe2Volume' = @{ Call = { $Thing | Restore-Fe2Volume @How }; Takes = 'volume', 'snapshot' }
        'Send-Fe2Command' = @{ Call = { $Thing | Send-Fe2Command 'ls' @How }; Takes = 'instance' }
        'Set-Fe2Group' = @{ Call = { $Thing | Set-Fe2Group -Desired 1 -Max 3 @How }; Takes = 'group' }
        'Set-Fe2InstanceType' = @{ Call = { $Thing | Set-Fe2InstanceType m5.large @How }; Takes = 'instance' }
        'Start-Fe2Instance' = @{ Call = { $Thing | Start-Fe2Instance @How }; Takes = 'instance' }
        'Start-Fe2Tunnel' = @{ Call = { $Thing | Start-Fe2Tunnel -Port 18022:22 @How }; Takes = 'instance' }
        'Stop-Fe2Instance' = @{ Call = { $Thing | Stop-Fe2Instance @How }; Takes = 'instance' }
        'Stop-Fe2Sandbox' = @{ Call = { $Thing | Stop-Fe2Sandbox @How } }
        'Stop-Fe2Script' = @{ Call = { $Thing | Stop-Fe2Script @How } }
        'Stop-Fe2Tunnel' = @{ Call = { $Thing | Stop-Fe2Tunnel @How } }
        'Unregister-Fe2Backup' = @{ Call = { $Thing | Unregister-Fe2Backup @How }; Takes = 'backup' }
    }
    $place = 'Region', 'ProfileName', 'EndpointUrl'
    $eaters = $commands | Where-Object { $_.Parameters.ContainsKey('WhatIf') } | Where-Object {
        $_.Parameters.Values | Where-Object Name -NotIn $place | Where-Object { $_.Attributes.ValueFromPipeline -contains $true -or $_.Attributes.ValueFromPipelineByPropertyName -contains $true }
    } | ForEach-Object { @{ Command = $_.Name; Call = $pipes[$_.Name].Call; Takes = @($pipes[$_.Name].Takes) } }

    $mutators = $commands | Where-Object { $_.Parameters.ContainsKey('WhatIf') } | ForEach-Object { @{ Command = $_.Name; Ask = $asks[$_.Name] } }

    # Each cmdlet that takes a name, with one that stands for nothing.
    $wrong = @(
        @{ Call = { Copy-Fe2Item nosuch:x . @How }; Id = 'InstanceNotFound' }
        @{ Call = { Dismount-Fe2Volume nosuch @How }; Id = 'VolumeNotFound' }
        @{ Call = { Enter-Fe2Instance nosuch @How }; Id = 'InstanceNotFound' }
        @{ Call = { Get-Fe2Ami nosuch @How }; Id = 'ImageNotFound' }
        @{ Call = { Get-Fe2Backup nosuch @How }; Id = 'BackupNotFound' }
        @{ Call = { Dismount-Fe2FileSystem nosuch od1 @How }; Id = 'FileSystemNotFound' }
        @{ Call = { Get-Fe2FileSystem nosuch @How }; Id = 'FileSystemNotFound' }
        @{ Call = { Mount-Fe2FileSystem x nosuch @How }; Id = 'InstanceNotFound' }
        @{ Call = { Remove-Fe2FileSystem nosuch @How }; Id = 'FileSystemNotFound' }
        @{ Call = { Get-Fe2Group nosuch @How }; Id = 'GroupNotFound' }
        @{ Call = { Get-Fe2Instance nosuch @How }; Id = 'InstanceNotFound' }
        @{ Call = { Get-Fe2Price nosuch @How }; Id = 'InstanceTypeNotFound' }
        @{ Call = { Get-Fe2Region nosuch @How }; Id = 'RegionNotFound' }
        @{ Call = { Get-Fe2Snapshot nosuch @How }; Id = 'SnapshotNotFound' }
        @{ Call = { Get-Fe2SshConfig nosuch @How }; Id = 'InstanceNotFound' }
        @{ Call = { Get-Fe2Volume nosuch @How }; Id = 'VolumeNotFound' }
        @{ Call = { Invoke-Fe2Command nosuch 'true' @How }; Id = 'InstanceNotFound' }
        @{ Call = { Invoke-Fe2Script $PSCommandPath nosuch @How }; Id = 'InstanceNotFound' }
        @{ Call = { Mount-Fe2Volume nosuch od1 @How }; Id = 'VolumeNotFound' }
        @{ Call = { Mount-Fe2Volume data nosuch @How }; Id = 'InstanceNotFound' }
        @{ Call = { New-Fe2Ami nosuch @How }; Id = 'InstanceNotFound' }
        @{ Call = { New-Fe2Group x -TargetGroup nosuch @How }; Id = 'TargetGroupNotFound' }
        @{ Call = { New-Fe2Instance x nosuch @How }; Id = 'ImageNotFound' }
        @{ Call = { New-Fe2Snapshot nosuch @How }; Id = 'VolumeNotFound' }
        @{ Call = { New-Fe2Volume x 1 nosuch @How }; Id = 'InstanceNotFound' }
        @{ Call = { Receive-Fe2Command nosuch @How }; Id = 'InstanceNotFound' }
        @{ Call = { Register-Fe2Backup nosuch @How }; Id = 'VolumeNotFound' }
        @{ Call = { Remove-Fe2Ami nosuch @How }; Id = 'ImageNotFound' }
        @{ Call = { Remove-Fe2Group nosuch @How }; Id = 'GroupNotFound' }
        @{ Call = { Remove-Fe2Instance nosuch @How }; Id = 'InstanceNotFound' }
        @{ Call = { Remove-Fe2Snapshot nosuch @How }; Id = 'SnapshotNotFound' }
        @{ Call = { Remove-Fe2Volume nosuch @How }; Id = 'VolumeNotFound' }
        @{ Call = { Resize-Fe2Volume nosuch 30 @How }; Id = 'VolumeNotFound' }
        @{ Call = { Restart-Fe2Instance nosuch @How }; Id = 'InstanceNotFound' }
        @{ Call = { Restore-Fe2Volume nosuch @How }; Id = 'SnapshotNotFound' }
        @{ Call = { Send-Fe2Command nosuch 'ls' @How }; Id = 'InstanceNotFound' }
        @{ Call = { Set-Fe2Group nosuch -Desired 1 @How }; Id = 'GroupNotFound' }
        @{ Call = { Set-Fe2InstanceType nosuch m5.large @How }; Id = 'InstanceNotFound' }
        @{ Call = { Start-Fe2Instance nosuch @How }; Id = 'InstanceNotFound' }
        @{ Call = { Start-Fe2Tunnel nosuch 8888 @How }; Id = 'InstanceNotFound' }
        @{ Call = { Stop-Fe2Instance nosuch @How }; Id = 'InstanceNotFound' }
        @{ Call = { Unregister-Fe2Backup nosuch @How }; Id = 'BackupNotFound' }
        @{ Call = { Wait-Fe2Ami nosuch @How }; Id = 'ImageNotFound' }
        @{ Call = { Wait-Fe2Instance nosuch @How }; Id = 'InstanceNotFound' }
        @{ Call = { Wait-Fe2Snapshot nosuch @How }; Id = 'SnapshotNotFound' }
    )

    # What reads, with what it may give.
    $reads = @(
        { Get-Fe2Instance }, { Get-Fe2Ami -Own }, { Get-Fe2Volume }, { Get-Fe2Snapshot }, { Get-Fe2Price m5 }, { Get-Fe2SpotPrice m5.large }
        { Get-Fe2SpotPrice m5.large -Daily }, { Find-Fe2InstanceType -Cpu 2 -First 2 }, { Get-Fe2Cost }, { Get-Fe2Cost -Total }, { Get-Fe2Region us-* }
        { Get-Fe2Default }, { Get-Fe2Sandbox }, { Show-Fe2SpotPrice m5.large -Plain }, { Wait-Fe2Instance od1 }, { Wait-Fe2Snapshot snap1 }, { Wait-Fe2Ami base }
        { Start-Fe2Instance od1 -PassThru }, { New-Fe2Volume typed 1 }, { New-Fe2Snapshot data typed }, { Register-Fe2Backup data -Name typed }, { Get-Fe2Backup typed }
        { Get-Fe2Group }, { Set-Fe2Group grp -Desired 1 -PassThru }
    ) | ForEach-Object { @{ Read = $_ } }
}

Describe 'Every cmdlet' {
    BeforeAll {
        . (Join-Path $PSScriptRoot 'Common.ps1')
        . (Join-Path $PSScriptRoot 'World.ps1')
        Initialize-Fe2Test
        $realHome = $env:HOME
        $env:HOME = (New-Item -ItemType Directory (Join-Path $script:Fe2TestFolder 'home')).FullName
        New-Fe2Record
        $null = Register-Fe2Backup data -Name kept

        # Where nothing is asked: the tests have nobody who answers.
        $confirm = $ConfirmPreference
        $global:ConfirmPreference = 'None'
    }

    AfterAll {
        $global:ConfirmPreference = $confirm
        Clear-Fe2Test
        if ($realHome) { $env:HOME = $realHome }
    }

    It '<Command> -WhatIf changes nothing' -ForEach $mutators {
        $Ask | Should -Not -BeNullOrEmpty -Because "$Command changes something, and no line of this test asks it what"
        Clear-Fe2Call
        & $Ask -ErrorAction SilentlyContinue 2> $null | Out-Null
        Get-Fe2Call | Where-Object operation -NotMatch '^(Describe|Get|List)' | Should -BeNullOrEmpty
        Get-Fe2Sandbox | Should -HaveCount 1
        (Get-Fe2Default DiskSize).Value | Should -Not -Be 99
        Test-Path (Join-Path $env:HOME '.ssh') | Should -BeFalse
    }

    It '<Command> does nothing for $null, nor for what is no such thing, from a pipeline' -ForEach $eaters {
        $Call | Should -Not -BeNullOrEmpty -Because "$Command changes what a pipeline names, and no line of this test pipes anything into it"
        $things = [ordered]@{
            nothing = $null
            number = 1
            time = Get-Date
            table = @{ Name = 'od1' }
            record = [pscustomobject]@{ Colour = 'red' }
            process = Get-Process -Id $PID
            instance = Get-Fe2Instance od1
            volume = Get-Fe2Volume data
            snapshot = Get-Fe2Snapshot snap1
            image = Get-Fe2Ami base
            group = Get-Fe2Group grp
            backup = Get-Fe2Backup kept
            type = Get-Fe2Price m5.large
            cost = Get-Fe2Cost data
            region = Get-Fe2Region us-east-2
        }
        $before = Get-Fe2Default | ConvertTo-Json
        foreach ($what in $things.Keys | Where-Object { $_ -notin $Takes }) {
            $Thing = $things[$what]
            $failures = $null
            $How = @{ ErrorAction = 'SilentlyContinue'; ErrorVariable = 'failures'; WarningAction = 'Ignore' }
            Clear-Fe2Call
            . $Call | Should -BeNullOrEmpty -Because "'$what' was piped in"
            Get-Fe2Call | Where-Object operation -NotMatch '^(Describe|Get|List)' | Should -BeNullOrEmpty -Because "'$what' was piped in"
            @($failures).Count | Should -BeGreaterThan 0 -Because "'$what' was piped in"
        }

        Get-Fe2Sandbox | Should -HaveCount 1
        Get-Fe2Default | ConvertTo-Json | Should -Be $before
        Test-Path (Join-Path $env:HOME '.ssh') | Should -BeFalse
    }

    It 'that finds nothing says so once, or throws: <Call>' -ForEach $wrong {
        $failures = $null
        $How = @{ ErrorAction = 'SilentlyContinue'; ErrorVariable = 'failures' }
        . $Call | Should -BeNullOrEmpty
        @($failures).Count | Should -Be 1
        $failures[0].FullyQualifiedErrorId | Should -BeLike "$Id,Fe2Ps.Commands.*Command"
        $failures[0].ErrorDetails.RecommendedAction | Should -Not -BeNullOrEmpty
        $How = @{ ErrorAction = 'Stop' }
        { . $Call } | Should -Throw -ErrorId "$Id,Fe2Ps.Commands.*Command"
        $How = @{ ErrorAction = 'Ignore' }
        $Error.Clear()
        . $Call | Should -BeNullOrEmpty
        $Error.Count | Should -Be 0
    }

    It 'gives what it says: <Read>' -ForEach $reads {
        $name = $Read.Ast.Find({ $args[0] -is [System.Management.Automation.Language.CommandAst] }, $true).GetCommandName()
        $types = (Get-Command $name).OutputType.Type
        $values = @(& $Read)
        $values.Count | Should -BeGreaterThan 0
        foreach ($value in $values) { $value.PSObject.BaseObject.GetType() | Should -BeIn $types }
    }

    It 'that deletes asks first, and does nothing where nobody can answer' {
        $variables = (Get-Fe2Sandbox -Current).Environment
        foreach ($name in $variables.Keys) { [Environment]::SetEnvironmentVariable($name, $variables[$name]) }
        Clear-Fe2Call
        try {
            $text = & (Get-Process -Id $PID).Path -NoProfile -NonInteractive -Command @"
Import-Module '$env:FE2_MODULE/Fe2Ps.psd1'
foreach (`$call in { Remove-Fe2Instance od1 }, { Remove-Fe2Volume data }, { Remove-Fe2Snapshot snap1 }, { Remove-Fe2Ami base }, { Remove-Fe2Group grp }, { Stop-Fe2Instance od1 -Confirm }) {
    try { & `$call; 'gone on' } catch { 'refused' }
}
"@
            $text | Should -Be (@('refused') * 6)
        }
        finally { foreach ($name in $variables.Keys) { [Environment]::SetEnvironmentVariable($name, $null) } }
        Get-Fe2Call | Where-Object operation -NotMatch '^(Describe|Get|List)' | Should -BeNullOrEmpty
    }
}
