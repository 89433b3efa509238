BeforeDiscovery {
    # Real logins need real hosts: Linux, root and runc.
    $skip = -not ($IsLinux -and (id -u) -eq '0' -and (Get-Command runc, mmdebstrap, ssh -ErrorAction Ignore).Count -eq 3)
}

Describe 'Plain ssh' -Skip:$skip {
    BeforeAll {
        . (Join-Path $PSScriptRoot 'Common.ps1')
        Initialize-Fe2Test
        # The module takes HOME for the user's folder; ssh itself asks the system, hence ssh -F in these tests.
        $realHome = $env:HOME
        $env:HOME = (New-Item -ItemType Directory -Path (Join-Path $script:Fe2TestFolder.FullName "my home")).FullName
        $env:FE2_HOME = Join-Path $env:HOME '.fe2 100'
        $null = Start-Fe2Sandbox -Hosts Container -Speed Fast
        $null = 'od1', 'my job' | New-Fe2Instance
        $config = Join-Path $env:HOME '.ssh/config'
        $book = Join-Path $env:FE2_HOME 'ssh_config'

        # What plain ssh answers with a configuration file.
        function Invoke-Ssh {
            param([string] $File, [string] $To, [string] $Command)
            & ssh -F $File -o BatchMode=yes -o LogLevel=ERROR $To $Command 2>&1
        }

        function Get-Mode { param([string] $Path) [Convert]::ToString([int] [System.IO.File]::GetUnixFileMode($Path), 8) }
    }

    AfterAll {
        Clear-Fe2Test
        if ($realHome) { $env:HOME = $realHome }
    }

    It 'is shown as text, and is an object' {
        $entry = Get-Fe2SshConfig od1
        $entry.Host | Should -Be 'od1', (Get-Fe2Instance od1).InstanceId
        $entry.HostName | Should -Be (Get-Fe2Instance od1).Ip
        "$entry" | Should -Match '(?m)^Host od1 i-\w+$'
        Get-Fe2SshConfig od1 | Out-String | Should -Match 'HostKeyAlias i-'
        $json = $entry | ConvertTo-Json | ConvertFrom-Json
        $json.User | Should -Be 'ubuntu'
        ($entry | ConvertTo-Json).Length | Should -BeLessThan 800
        (Get-Fe2Instance od1 | Get-Fe2SshConfig).Name | Should -Be 'od1'
    }

    It 'logs in with it, and holds the machine to its pinned key' {
        $file = Join-Path $TestDrive 'one'
        (Get-Fe2SshConfig od1) -join "`n" | Set-Content $file
        Invoke-Ssh $file od1 'whoami; echo 한국어' | Should -Be 'ubuntu', '한국어'
        $known = Join-Path $env:FE2_HOME 'known_hosts'
        $right = [System.IO.File]::ReadAllText($known)
        try {
            # Somebody else's key at this address.
            $other = (& ssh-keygen -q -t ed25519 -N '' -f (Join-Path $TestDrive other)), (Get-Content (Join-Path $TestDrive other.pub)) | Select-Object -Last 1
            $id = (Get-Fe2Instance od1).InstanceId
            [System.IO.File]::WriteAllText($known, "$id $(($other -split ' ')[0..1] -join ' ')`n")
            "$(Invoke-Ssh $file od1 whoami)" | Should -Match 'Host key verification failed'
        }
        finally { [System.IO.File]::WriteAllText($known, $right) }
    }

    It 'serves ssh, scp, sftp and rsync as they are' {
        $file = Join-Path $TestDrive 'tools'
        (Get-Fe2SshConfig od1) -join "`n" | Set-Content $file
        $here = New-Item -ItemType Directory -Path (Join-Path $TestDrive 'tools here')
        Set-Content -LiteralPath "$here/한국어 file" 'content'
        & scp -q -F $file -o BatchMode=yes "$here/한국어 file" 'od1:by scp'
        $LASTEXITCODE | Should -Be 0
        "get `"by scp`" `"$here/by sftp`"" | & sftp -q -F $file -o BatchMode=yes -b - od1 | Out-Null
        $LASTEXITCODE | Should -Be 0
        Get-Content "$here/by sftp" | Should -Be 'content'
        & rsync -a -e "ssh -F '$file' -o BatchMode=yes" "$here/" od1:by-rsync/
        $LASTEXITCODE | Should -Be 0
        Invoke-Ssh $file od1 'ls by-rsync | wc -l; cat "by scp"' | Should -Be '2', 'content'
    }

    It 'holds nothing but what the parsers of editors take, and ssh -G agrees' {
        $null = Get-Fe2SshConfig -Install -WarningAction SilentlyContinue
        # VS Code reads the file by itself: plain Host blocks and Include at the top, no Match, no wildcards, no tokens, no second value.
        foreach ($line in Get-Content $book) {
            $line | Should -Match '^(|#.*|Host [\w.-]+( [\w.-]+)*|    [A-Z]\w+ ("[^"%$]+"|\S+))$'
        }

        @(Get-Content $config)[0] | Should -Match '^Include "[^"*?]+"$'
        $entry = Get-Fe2SshConfig od1
        foreach ($name in $entry.Host) {
            $answer = & ssh -F $config -G $name
            foreach ($wanted in "hostname $($entry.HostName)", "user $($entry.User)", "port $($entry.Port)", "identityfile $($entry.IdentityFile)", "hostkeyalias $($entry.InstanceId)",
                "userknownhostsfile $($entry.UserKnownHostsFile)", 'identitiesonly yes', 'stricthostkeychecking true') { $answer | Should -Contain $wanted }
        }

        Get-Fe2SshConfig -Uninstall
    }

    It 'leaves names that ssh cannot take out, by name' {
        $entry = Get-Fe2SshConfig 'my job' -WarningVariable warned -WarningAction SilentlyContinue
        $entry.Host | Should -Be $entry.InstanceId
        "$warned" | Should -Match 'my job.*ssh takes no such name'
        $file = Join-Path $TestDrive 'by-id'
        "$entry" | Set-Content $file
        Invoke-Ssh $file $entry.InstanceId whoami | Should -Be 'ubuntu'
    }

    It 'changes nothing with -WhatIf' {
        $null = Get-Fe2SshConfig -Install -WhatIf -WarningAction SilentlyContinue
        Test-Path $config | Should -BeFalse
        Test-Path $book | Should -BeFalse
    }

    It 'knows the machines after -Install, and forgets them after -Uninstall' {
        (Get-Fe2SshConfig -Install -WarningAction SilentlyContinue).Count | Should -Be 2
        Get-Mode $config | Should -Be '600'
        Get-Mode $book | Should -Be '600'
        Invoke-Ssh $config od1 whoami | Should -Be 'ubuntu'
        & ssh -F $config -G od1 | Should -Contain "hostname $((Get-Fe2Instance od1).Ip)"
        Get-Fe2SshConfig -Uninstall
        Test-Path $config | Should -BeFalse
        Test-Path $book | Should -BeFalse
    }

    It 'keeps what is in the file byte for byte, adds the line once, and takes it out again' {
        $null = New-Item -ItemType Directory -Force -Path (Split-Path $config)
        $mine = [System.Text.Encoding]::UTF8.GetBytes("# 내 설정`r`nHost other`n`tHostName 192.0.2.1`n  User me`n`nHost *`n    Compression no`n# ") + [byte[]] (0xff, 0x0a)
        [System.IO.File]::WriteAllBytes($config, $mine)
        1..3 | ForEach-Object { $null = Get-Fe2SshConfig -Install -WarningAction SilentlyContinue }
        $now = [System.IO.File]::ReadAllBytes($config)
        $line = [System.Text.Encoding]::UTF8.GetBytes("Include `"$book`"`n")
        Compare-Object $now ($line + $mine) -SyncWindow 0 | Should -BeNullOrEmpty
        Get-Mode $config | Should -Be '600'
        Compare-Object ([System.IO.File]::ReadAllBytes("$config.before-fe2ps")) $mine -SyncWindow 0 | Should -BeNullOrEmpty
        & ssh -F $config -G other | Should -Contain 'hostname 192.0.2.1'
        & ssh -F $config -G od1 | Should -Contain 'stricthostkeychecking true'
        Get-Fe2SshConfig -Uninstall
        Compare-Object ([System.IO.File]::ReadAllBytes($config)) $mine -SyncWindow 0 | Should -BeNullOrEmpty
    }

    It 'has the new address after a stop and a start' {
        $null = Get-Fe2SshConfig -Install -WarningAction SilentlyContinue
        $null = Stop-Fe2Instance od1 -PassThru | Wait-Fe2Instance -State stopped -Timeout 60
        $null = Get-Fe2SshConfig od1 -Install -WarningVariable warned -WarningAction SilentlyContinue
        "$warned" | Should -Match 'od1.*is stopped'
        $null = Start-Fe2Instance od1 -PassThru | Wait-Fe2Instance -State ready -Timeout 120
        $null = Get-Fe2SshConfig od1 -Install
        & ssh -F $config -G od1 | Should -Contain "hostname $((Get-Fe2Instance od1).Ip)"
        Invoke-Ssh $config od1 whoami | Should -Be 'ubuntu'
        # The other machine's block has stayed.
        Get-Content $book | Should -Contain "# fe2ps instance $((Get-Fe2Instance my*).InstanceId)"
    }

    It 'leaves other regions alone, and drops what is gone' {
        $null = New-Fe2Instance seoul -Region ap-northeast-2
        $null = Get-Fe2SshConfig -Install -Region ap-northeast-2
        & ssh -F $config -G od1 | Should -Contain "hostname $((Get-Fe2Instance od1).Ip)"
        $gone = (Get-Fe2Instance my*).InstanceId
        Remove-Fe2Instance $gone -Confirm:$false
        $null = Get-Fe2SshConfig -Install
        Get-Content $book | Should -Not -Contain "# fe2ps instance $gone"
        & ssh -F $config -G seoul | Should -Contain "hostname $((Get-Fe2Instance seoul -Region ap-northeast-2).Ip)"
        Get-Fe2SshConfig -Uninstall
    }

    It 'says what is wrong' {
        { Get-Fe2SshConfig nosuch -ErrorAction Stop } | Should -Throw -ErrorId 'InstanceNotFound,*'
        { Get-Fe2SshConfig od1 -KeyFile ./nosuch -ErrorAction Stop } | Should -Throw -ErrorId 'KeyFileNotFound,*'
        { Get-Fe2SshConfig -Install -Uninstall } | Should -Throw
    }
}

Describe 'PowerShell remoting' -Skip:(-not ($IsLinux -and (id -u) -eq '0' -and (Get-Command sshd -ErrorAction Ignore))) {
    BeforeAll {
        . (Join-Path $PSScriptRoot 'Common.ps1')
        Initialize-Fe2Test
        # These hosts share this computer's programs, pwsh among them.
        $null = Start-Fe2Sandbox -Hosts Process -Speed Fast
        $null = New-Fe2Instance od1
        $config = Join-Path $TestDrive config
        (Get-Fe2SshConfig od1) -join "`n" | Set-Content $config
        # PowerShell has no option for the file, and ssh looks for it in the home folder that the system knows.
        $tools = New-Item -ItemType Directory -Path (Join-Path $TestDrive tools)
        Set-Content -LiteralPath "$tools/ssh" "#!/bin/sh`nexec $((Get-Command ssh -CommandType Application)[0].Source) -F '$config' `"`$@`""
        [System.IO.File]::SetUnixFileMode("$tools/ssh", 'UserRead, UserWrite, UserExecute')
        $realPath = $env:PATH
        $env:PATH = "${tools}:$env:PATH"
    }

    AfterAll {
        if ($realPath) { $env:PATH = $realPath }
        Clear-Fe2Test
    }

    It 'reaches a machine by the name of its block' {
        $back = Invoke-Command -HostName od1 -ScriptBlock { [pscustomobject] @{ Home = $HOME; Text = "한국어 $using:PID"; User = [Environment]::UserName } } -ErrorAction Stop
        $back.Text | Should -Be "한국어 $PID"
        $back.PSComputerName | Should -Be 'od1'
        $back.User | Should -Be (Get-Fe2SshConfig od1).User
    }

    It 'keeps a session' {
        $session = New-PSSession -HostName od1 -ErrorAction Stop
        try {
            Invoke-Command $session { $x = 41 }
            Invoke-Command $session { $x + 1 } | Should -Be 42
            $session.ComputerName | Should -Be 'od1'
        }
        finally { Remove-PSSession $session }
    }
}
