BeforeDiscovery {
    # Real logins need real hosts: Linux, root and runc.
    $skip = -not ($IsLinux -and (id -u) -eq '0' -and (Get-Command runc, mmdebstrap, ssh -ErrorAction Ignore).Count -eq 3)
}

Describe 'Tunnels' -Skip:$skip {
    BeforeAll {
        . (Join-Path $PSScriptRoot 'Common.ps1')
        Initialize-Fe2Test
        $null = Start-Fe2Sandbox -Hosts Container -Speed Fast
        $null = New-Fe2Instance t
        $null = Invoke-Fe2Command t 'cd $(mktemp -d); echo hello > index.html; nohup python3 -m http.server 8123 >/dev/null 2>&1 &'
        Wait-Until { Invoke-Fe2Command t 'curl -s http://localhost:8123 || python3 -c "import urllib.request as u; print(u.urlopen(\"http://localhost:8123\").read())"' -ErrorAction Ignore } -What 'the server is up'
        # Children of this process alone: others may have tunnels too.
        function Get-TunnelProcess { ps -o args= --ppid $PID | Where-Object { $_ -match 'ssh .*-L 127' } }
    }

    AfterAll {
        Get-Fe2Tunnel | Stop-Fe2Tunnel
        Clear-Fe2Test
    }

    It 'bring a port here, are listed, and end' {
        $tunnel = Start-Fe2Tunnel t 18223:8123
        $tunnel.State | Should -Be 'Connected'
        $tunnel.Reason | Should -BeNullOrEmpty
        Invoke-RestMethod $tunnel.Url | Should -Match 'hello'
        (Get-Fe2Tunnel t).LocalPort | Should -Be 18223
        Get-Fe2Tunnel | Out-String | Should -Match '18223\s+8123\s+Connected'
        $tunnel | ConvertTo-Json | Should -Match '"LocalPort": 18223'
        Get-Completion 'Stop-Fe2Tunnel ' | Should -Be 't'
        Stop-Fe2Tunnel t -WhatIf
        Get-TunnelProcess | Should -Not -BeNullOrEmpty
        ($tunnel | Stop-Fe2Tunnel -PassThru).State | Should -Be 'Stopped'
        Get-Fe2Tunnel | Should -BeNullOrEmpty
        Get-TunnelProcess | Should -BeNullOrEmpty
    }

    It 'tell once that nothing listens, and open the browser that is named' {
        $record = Join-Path $TestDrive 'url'
        $stub = Join-Path $TestDrive 'browser'
        Set-Content $stub "#!/bin/sh`necho `"`$1`" > $record"
        chmod +x $stub
        $env:BROWSER = $stub
        $warning = $null
        $tunnel = Get-Fe2Instance t | Start-Fe2Tunnel -Port 18224:8124 -Browser -WarningVariable warning -WarningAction SilentlyContinue
        Remove-Item Env:BROWSER
        $warning.Count | Should -Be 1
        "$warning" | Should -Match 'Nothing listens on port 8124 of t yet'
        Wait-Until { Test-Path $record } -What 'the browser was started'
        Get-Content $record | Should -Be $tunnel.Url
        Stop-Fe2Tunnel -LocalPort 18224
    }

    It 'take the port by its name where the machine comes by the pipeline' {
        # In a pipeline the first word would be the machine's name, so no position is promised there.
        $sets = (Get-Command Start-Fe2Tunnel).ParameterSets
        ($sets | Where-Object Name -EQ Id).Parameters | Where-Object Position -GE 0 | Should -BeNullOrEmpty
        (($sets | Where-Object Name -EQ Name).Parameters | Where-Object Position -GE 0).Name | Should -Be 'Name', 'Port'
        (Get-Fe2Instance t | Start-Fe2Tunnel -Port 18227:22).LocalPort | Should -Be 18227
        (Get-Fe2Tunnel t | Stop-Fe2Tunnel -PassThru).Count | Should -Be 1
    }

    It 'of a login open the browser that is named' {
        $record = Join-Path $TestDrive 'login-url'
        $stub = Join-Path $TestDrive 'login-browser'
        Set-Content $stub "#!/bin/sh`necho `"`$1`" > $record.new; mv $record.new $record"
        chmod +x $stub
        $endpoint = (Get-Fe2Sandbox -Current).EndpointUrl
        # The login stays until the browser was there: it waits for a file that is made afterwards.
        $inner = "Import-Module '$env:FE2_MODULE/Fe2Ps.psd1'; Enter-Fe2Instance t -Port 18228:8123 -Browser -Command 'until [ -e /tmp/browsed ]; do sleep 0.2; done; exit 7' -EndpointUrl $endpoint; exit `$LASTEXITCODE"
        $encoded = [Convert]::ToBase64String([Text.Encoding]::Unicode.GetBytes($inner))
        $pwsh = (Get-Process -Id $PID).Path
        $job = Start-ThreadJob { $env:BROWSER = $using:stub; script -qec "$using:pwsh -NoProfile -EncodedCommand $using:encoded" /dev/null; $LASTEXITCODE }
        try {
            Wait-Until { Test-Path $record } -Seconds 60 -What 'the browser was started'
            Get-Content $record | Should -Be 'http://localhost:18228'
            Invoke-RestMethod http://localhost:18228 | Should -Match 'hello'
        }
        finally {
            $null = Invoke-Fe2Command t 'touch /tmp/browsed'
            $code = $job | Receive-Job -Wait -AutoRemoveJob | Select-Object -Last 1
            Remove-Item Env:BROWSER -ErrorAction Ignore
        }

        $code | Should -Be 7
    }

    It 'start nothing with -WhatIf, and say what is wrong' {
        Start-Fe2Tunnel t 18225:22 -WhatIf
        Get-Fe2Tunnel | Should -BeNullOrEmpty
        $null = Start-Fe2Tunnel t 18225:22
        $failure = $null
        Start-Fe2Tunnel t 18225:22 -ErrorAction SilentlyContinue -ErrorVariable failure
        $failure[0].FullyQualifiedErrorId | Should -BeLike 'LocalPortInUse,*'
        $failure[0].ErrorDetails.RecommendedAction | Should -Match '-Port 182\d\d:22'
        Stop-Fe2Tunnel t
        { Start-Fe2Tunnel nosuch 18225 -ErrorAction Stop } | Should -Throw -ErrorId 'InstanceNotFound,*'
        { Start-Fe2Tunnel t 99999 -ErrorAction Stop } | Should -Throw -ErrorId 'TunnelInvalid,*'
        { Stop-Fe2Tunnel nosuch -ErrorAction Stop } | Should -Throw -ErrorId 'TunnelNotFound,*'
    }

    It 'end with Remove-Module, and with PowerShell' {
        $endpoint = (Get-Fe2Sandbox -Current).EndpointUrl
        $inner = "Import-Module '$env:FE2_MODULE/Fe2Ps.psd1'; `$null = Start-Fe2Tunnel t 18226:22 -EndpointUrl $endpoint"
        $pwsh = (Get-Process -Id $PID).Path
        & $pwsh -NoProfile -Command "$inner; Remove-Module Fe2Ps; ps -o args= --ppid `$PID | Where-Object { `$_ -match 'ssh .*-L 127' }" | Should -BeNullOrEmpty
        & $pwsh -NoProfile -Command $inner
        ps -eo args= | Where-Object { $_ -match 'ssh .*-L 127.0.0.1:18226' } | Should -BeNullOrEmpty
    }
}
