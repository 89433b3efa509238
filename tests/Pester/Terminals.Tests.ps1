BeforeDiscovery {
    # Real logins need real hosts: Linux, root and runc.
    $skip = -not ($IsLinux -and (id -u) -eq '0' -and (Get-Command runc, mmdebstrap, ssh -ErrorAction Ignore).Count -eq 3)
}

Describe 'Sessions on machines' -Skip:$skip {
    BeforeAll {
        . (Join-Path $PSScriptRoot 'Common.ps1')
        Initialize-Fe2Test
        $null = Start-Fe2Sandbox -Hosts Container -Speed Fast
        $null = New-Fe2Instance t
    }

    AfterAll { Clear-Fe2Test }

    It 'that do not exist are named, with those that do' {
        { Send-Fe2Command t 'echo x' -ErrorAction Stop } | Should -Throw -ErrorId 'TerminalNotFound,*'
        Send-Fe2Command t -Session od1 -Create
        $failure = $null
        try { Send-Fe2Command t 'echo x' -Session od -ErrorAction Stop } catch { $failure = $_ }
        $failure.FullyQualifiedErrorId | Should -BeLike 'TerminalNotFound,*'
        "$failure" | Should -Match "'od1'"
        { Receive-Fe2Command t -Session od -ErrorAction Stop } | Should -Throw -ErrorId 'TerminalNotFound,*'
    }

    It 'are typed into and read' {
        (Send-Fe2Command t 'echo "$((40+2)) 한국어;"' -PassThru).Session | Should -Be 'od1'
        Wait-Until { (Receive-Fe2Command t -Session od1) -contains '42 한국어;' } -What 'the screen shows it'
        $line = Receive-Fe2Command t | Where-Object { $_ -eq '42 한국어;' } | Select-Object -First 1
        $line.InstanceName | Should -Be 't'
        $line.Session | Should -Be 'od1'
    }

    It 'take keys, and text without Enter' {
        Send-Fe2Command t 'sleep 300' -Session od1
        Send-Fe2Command t -Session od1 -Key C-c
        Send-Fe2Command t 'echo co' -Session od1 -NoEnter
        Get-Fe2Instance t | Send-Fe2Command 'de $?' -Session od1
        Wait-Until { (Receive-Fe2Command t -Session od1) -contains 'code 130' } -What 'the screen shows the code'
        { Send-Fe2Command t -Session od1 -Key Control-C -ErrorAction Stop } | Should -Throw -ErrorId 'KeyUnknown,*'
    }

    It 'are left alone with -WhatIf' {
        Send-Fe2Command t 'echo never' -Session od1 -WhatIf
        Send-Fe2Command t -Session never -Create -WhatIf
        Invoke-Fe2Command t 'tmux list-sessions -F "#{session_name}"' | Should -Be 'od1'
    }

    It 'are followed until they end' {
        Send-Fe2Command t 'until [ -e /tmp/go ]; do sleep 0.1; done; seq -f "n%g" 120; sleep 1; exit' -Session short -Create
        Send-Fe2Command t 'sleep 1; touch /tmp/go' -Session od1
        $lines = Receive-Fe2Command t -Session short -Follow
        $lines | Where-Object { $_ -match '^n\d+$' } | Should -Be (1..120 | ForEach-Object { "n$_" })
    }

    It 'complete their names on the machine, in time, and never with an error' {
        Wait-Until { (Get-Completion 'Send-Fe2Command t x -Session o') -contains 'od1' } -What 'the name is completed'
        $time = Measure-Command { Get-Completion 'Receive-Fe2Command t -Session o' | Should -Contain 'od1' }
        $time.TotalMilliseconds | Should -BeLessThan 8000
        $error.Clear()
        Get-Completion 'Receive-Fe2Command nosuch -Session o' | Where-Object { $_ -eq 'od1' } | Should -BeNullOrEmpty
        $error.Count | Should -Be 0
    }
}
