BeforeDiscovery {
    # Real logins need real hosts: Linux, root and runc.
    $skip = -not ($IsLinux -and (id -u) -eq '0' -and (Get-Command runc, mmdebstrap, ssh -ErrorAction Ignore).Count -eq 3)
}

Describe 'Machines to log in to' -Skip:$skip {
    BeforeAll {
        . (Join-Path $PSScriptRoot 'Common.ps1')
        Initialize-Fe2Test
        $null = Start-Fe2Sandbox -Hosts Container -Speed Fast
        $machines = New-Fe2Instance m -Count 2
    }

    AfterAll { Clear-Fe2Test }

    It 'are ready when New-Fe2Instance returns' {
        $machines.Name | Should -Be 'm-1', 'm-2'
        $machines.State | Select-Object -Unique | Should -Be 'running'
        ($machines[0].Tags | Where-Object Key -EQ 'fe2:hostkey').Value | Should -Match '^SHA256:'
        (Wait-Fe2Instance m-1 -State ready -Timeout 60).Name | Should -Be 'm-1'
    }

    Context 'Invoke-Fe2Command' {
        It 'gives lines that know their machine' {
            $lines = Invoke-Fe2Command m-1 'printf "one\ntwo\n한국어"'
            $lines | Should -Be 'one', 'two', '한국어'
            $lines[0].InstanceName | Should -Be 'm-1'
            $lines[0] | Should -BeOfType string
        }

        It 'runs on several machines from the pipeline' {
            $lines = Get-Fe2Instance m-* | Invoke-Fe2Command hostname
            ($lines.InstanceName | Sort-Object) | Should -Be 'm-1', 'm-2'
        }

        It 'quotes arguments' {
            Invoke-Fe2Command m-1 'printf "%s\n"' -ArgumentList 'a b', '$HOME', "it's", '한국어' | Should -Be 'a b', '$HOME', "it's", '한국어'
        }

        It 'tells an exit code as an error, or as an object' {
            $failure = $null
            Invoke-Fe2Command m-1 'echo before; echo why >&2; exit 3' -ErrorAction SilentlyContinue -ErrorVariable failure | Should -Be 'before'
            $failure[0].FullyQualifiedErrorId | Should -BeLike 'RemoteStandardError,*'
            $failure[1].FullyQualifiedErrorId | Should -BeLike 'RemoteCommandFailed,*'
            "$($failure[1])" | Should -Match 'exit code 3 on m-1: why'
            $result = Invoke-Fe2Command m-1 'echo out; exit 3' -AsResult
            $result.ExitCode | Should -Be 3
            $result.Output | Should -Be 'out'
            $result.Name | Should -Be 'm-1'
        }

        It 'goes on with the others where one machine does not exist' {
            $failure = $null
            'm-1', 'nosuch', 'm-2' | Invoke-Fe2Command 'echo ok' -ErrorAction SilentlyContinue -ErrorVariable failure | Should -Be 'ok', 'ok'
            $failure.Count | Should -Be 1
        }

        It 'obeys Select-Object -First, and Ctrl+C, while the command runs' {
            $time = Measure-Command { Invoke-Fe2Command m-1 'echo first; sleep 120' | Select-Object -First 1 | Should -Be 'first' }
            $time.TotalSeconds | Should -BeLessThan 60
            $shell = [powershell]::Create()
            $null = $shell.AddScript("Import-Module '$env:FE2_MODULE/Fe2Ps.psd1'; Invoke-Fe2Command m-2 'echo begun; sleep 30' -EndpointUrl $((Get-Fe2Sandbox -Current).EndpointUrl)")
            $output = [System.Management.Automation.PSDataCollection[psobject]]::new()
            $null = $shell.BeginInvoke([System.Management.Automation.PSDataCollection[psobject]] $null, $output)
            Wait-Until { $output.Count -gt 0 } -What 'the command runs'
            (Measure-Command { $shell.Stop() }).TotalSeconds | Should -BeLessThan 8
            $shell.Dispose()
        }
    }

    Context 'Enter-Fe2Instance' {
        It 'runs on the terminal it is given, with tunnels' -Skip:(-not (Get-Command script -ErrorAction Ignore)) {
            $null = Invoke-Fe2Command m-1 'nohup python3 -m http.server 8123 --directory /etc >/dev/null 2>&1 &'
            $endpoint = (Get-Fe2Sandbox -Current).EndpointUrl
            $inner = "Import-Module $env:FE2_MODULE/Fe2Ps.psd1; Enter-Fe2Instance m-1 18123:8123 -Command 'tty; hostname; exit 7' -EndpointUrl $endpoint; `"code `$LASTEXITCODE`""
            $text = script -qec "$((Get-Process -Id $PID).Path) -NoProfile -Command `"$($inner.Replace('"', '\"').Replace('$', '\$'))`"" /dev/null | Out-String
            $text | Should -Match '/dev/pts/'
            $text | Should -Match 'code 7'
        }

        It 'says what is wrong: <What>' -ForEach @(
            @{ What = 'no such machine'; Id = 'InstanceNotFound'; Parameters = @{ Name = 'nosuch' } }
            @{ What = 'no such port'; Id = 'TunnelInvalid'; Parameters = @{ Name = 'm-1'; Port = '99999' } }
        ) {
            { Enter-Fe2Instance @Parameters -ErrorAction Stop } | Should -Throw -ErrorId "$Id,*"
        }
    }

    Context 'Scripts' {
        BeforeAll {
            $script = Join-Path $TestDrive 'my script.sh'
            Set-Content -LiteralPath $script -Value "#!/usr/bin/env bash`necho out `$1 `$WORD`necho kept > `"`$FE2_DIR/result file.txt`"`nexit `${2:-0}"
        }

        It 'run on one machine while another collects the results' {
            $job = Invoke-Fe2Script $script m-1 m-2 -Name 'main job' -ArgumentList '한국어' -Environment @{ WORD = 'a b' }
            $job.PSObject.TypeNames[0] | Should -Be 'Fe2Ps.Script'
            $job.TargetName | Should -Be 'm-1'
            $over = $job | Wait-Fe2Script -Timeout 60
            $over.State | Should -Be 'Finished'
            $over.ExitCode | Should -Be 0
            Receive-Fe2Script 'main job' -Follow | Should -Be 'out 한국어 a b'
            $folder = $over | Receive-Fe2Script -Destination $TestDrive
            Get-Content (Join-Path $folder 'result file.txt') | Should -Be 'kept'
            (Get-Fe2Script main*).Name | Should -Be 'main job'
            Get-Fe2Script | Out-String | Should -Match 'main job'
            Wait-Until { (Get-Completion 'Stop-Fe2Script ma') -contains '''main job''' } -What 'the job''s name is completed'
        }

        It 'come home without a monitor, and tell a failure' {
            $failure = $null
            $job = Invoke-Fe2Script $script m-1 -ArgumentList x, 5 -Wait -Destination $TestDrive -ErrorAction SilentlyContinue -ErrorVariable failure
            $job.ExitCode | Should -Be 5
            $failure[0].FullyQualifiedErrorId | Should -BeLike 'ScriptFailed,*'
            Test-Path (Join-Path $TestDrive $job.Name 'result file.txt') | Should -BeTrue
        }

        It 'run on each instance of a pipeline' {
            $jobs = Get-Fe2Instance m-* | Invoke-Fe2Script $script -ArgumentList each | Wait-Fe2Script -Timeout 60
            ($jobs.TargetName | Sort-Object) | Should -Be 'm-1', 'm-2'
            $jobs.ExitCode | Select-Object -Unique | Should -Be 0
        }

        It 'can be stopped' {
            $long = Join-Path $TestDrive 'long.sh'
            Set-Content -LiteralPath $long -Value "#!/bin/bash`nsleep 300"
            $job = Invoke-Fe2Script $long m-1 -Name long
            Stop-Fe2Script long -WhatIf
            (Get-Fe2Script long).State | Should -Be 'Running'
            $stopped = $job | Stop-Fe2Script -PassThru
            $stopped.IsStopped | Should -BeTrue
        }

        It 'start nothing with -WhatIf, and say what is missing' {
            Invoke-Fe2Script $script m-1 -Name never -WhatIf
            Get-Fe2Script never* | Should -BeNullOrEmpty
            { Get-Fe2Script never -ErrorAction Stop } | Should -Throw -ErrorId 'ScriptNotFound,*'
            { Invoke-Fe2Script ./nosuch.sh m-1 -ErrorAction Stop } | Should -Throw
        }
    }
}
