BeforeDiscovery {
    # Real logins need real hosts: Linux, root and runc.
    $skip = -not ($IsLinux -and (id -u) -eq '0' -and (Get-Command runc, mmdebstrap, ssh -ErrorAction Ignore).Count -eq 3)
}

Describe 'Commands on machines' -Skip:$skip {
    BeforeAll {
        . (Join-Path $PSScriptRoot 'Common.ps1')
        Initialize-Fe2Test
        $null = Start-Fe2Sandbox -Hosts Container -Speed Fast
        $null = New-Fe2Instance c -Count 2
        $endpoint = (Get-Fe2Sandbox -Current).EndpointUrl
    }

    AfterAll { Clear-Fe2Test }

    Context 'output' {
        It 'on standard error is the error stream' {
            $failure = $null
            Invoke-Fe2Command c-1 'echo out; echo 경고 >&2' -ErrorAction SilentlyContinue -ErrorVariable failure | Should -Be 'out'
            $failure.Count | Should -Be 1
            $failure[0].FullyQualifiedErrorId | Should -BeLike 'RemoteStandardError,*'
            $failure[0].Exception.Message | Should -Be '경고'
            "$($failure[0])" | Should -Be 'c-1: 경고'
            $failure[0].TargetObject | Should -Be 'c-1'
        }

        It 'on standard error joins the other with -MergeError, in order' {
            $lines = Invoke-Fe2Command c-1 'echo 1; echo 2 >&2; echo 3; echo 4 >&2' -MergeError -ErrorAction Stop
            $lines | Should -Be 1, 2, 3, 4
            $result = Invoke-Fe2Command c-1 'echo 1; echo 2 >&2; exit 255' -MergeError -AsResult
            $result.Output | Should -Be 1, 2
            $result.ExitCode | Should -Be 255
            $result | Out-String | Should -Match 'SANDBOX'
            $result | Format-List | Out-String | Should -Match 'SANDBOX'
        }

        It 'on standard error ends nothing under -ErrorAction Stop; the exit code does' {
            Invoke-Fe2Command c-1 'echo chatter >&2; echo out' -ErrorAction Stop -InformationVariable shown 6>$null | Should -Be 'out'
            "$shown" | Should -Match 'c-1: chatter'
            $failure = $null
            try { Invoke-Fe2Command c-1 'echo why >&2; exit 3' -ErrorAction Stop 6>$null } catch { $failure = $_ }
            $failure.FullyQualifiedErrorId | Should -BeLike 'RemoteCommandFailed,*'
            "$failure" | Should -Match 'exit code 3 on c-1: why'
        }

        It 'leaves the exit code in $LASTEXITCODE for one machine' {
            Invoke-Fe2Command c-1 'exit 7' -ErrorAction SilentlyContinue
            $LASTEXITCODE | Should -Be 7
            Invoke-Fe2Command c-1 true
            $LASTEXITCODE | Should -Be 0
        }

        It 'arrives whole when characters and lines are cut' {
            # A pause in the middle of a character sends it in two pieces.
            Invoke-Fe2Command c-1 'printf "\355\225"; sleep 0.2; printf "\234국"; sleep 0.2; printf "어\n끝"' | Should -Be '한국어', '끝'
        }

        It 'arrives whole when it is large' {
            $count = 0; $last = ''
            Invoke-Fe2Command c-1 'seq 1 400000' | ForEach-Object { $count++; $last = $_ }
            $count | Should -Be 400000
            $last | Should -Be '400000'
        }

        It 'is bytes with -AsByteStream, or in a file' {
            $make = 'i=0; while [ $i -lt 256 ]; do printf "\\$(printf %o $i)"; i=$((i+1)); done'
            $bytes = Invoke-Fe2Command c-1 $make -AsByteStream | ForEach-Object { $_ }
            $bytes.Count | Should -Be 256
            ($bytes | Select-Object -First 3) | Should -Be 0, 1, 2
            $bytes[255] | Should -Be 255
            $file = Join-Path $TestDrive 'all bytes.bin'
            Invoke-Fe2Command c-1 $make -AsByteStream | Set-Content -LiteralPath $file -AsByteStream
            (Get-Item -LiteralPath $file).Length | Should -Be 256
            Invoke-Fe2Command c-1 $make -OutFile $file | Should -BeNullOrEmpty
            [System.Linq.Enumerable]::SequenceEqual([byte[]] $bytes, [System.IO.File]::ReadAllBytes($file)) | Should -BeTrue
        }

        It 'of several machines goes to a file each' {
            { Invoke-Fe2Command c-* hostname -OutFile (Join-Path $TestDrive shared) -ErrorAction Stop } | Should -Throw -ErrorId 'OutFileShared,*'
            $folder = (Join-Path $TestDrive each) + '/'
            $results = Invoke-Fe2Command c-* 'hostname; echo why >&2' -OutFile $folder -AsResult
            (Get-ChildItem $folder).Name | Sort-Object | Should -Be 'c-1', 'c-2'
            Get-Content (Join-Path $folder 'c-1') | Should -Be (Invoke-Fe2Command c-1 hostname)
            $results.Error | Should -Be 'why', 'why'
            $results.ExitCode | Should -Be 0, 0
        }

        It 'cannot be bytes and something else' {
            { Invoke-Fe2Command c-1 true -AsByteStream -AsResult } | Should -Throw -ErrorId 'OutputUnclear,*'
        }

        It 'of large size streams with bounded memory' {
            $file = Join-Path $TestDrive 'large.bin'
            [GC]::Collect()
            $before = (Get-Process -Id $PID).WorkingSet64
            $peak = 0
            Invoke-Fe2Command c-1 'head -c 300000000 /dev/zero' -AsByteStream | ForEach-Object -Begin { $sum = 0 } -Process {
                $sum += $_.Length
                if ($sum % 20 -lt 2) { $peak = [Math]::Max($peak, (Get-Process -Id $PID).WorkingSet64) }
            }
            $sum | Should -Be 300000000
            ($peak - $before) / 1MB | Should -BeLessThan 200
            Invoke-Fe2Command c-1 'head -c 300000000 /dev/zero' -OutFile $file
            (Get-Item $file).Length | Should -Be 300000000
        }

        It 'of one machine that fails does not end the others' {
            $failure = $null
            $lines = Invoke-Fe2Command -Instance c-* 'case $(hostname) in *) [ -e /tmp/bad ] && exit 9; echo ok;; esac' -ErrorAction SilentlyContinue -ErrorVariable failure
            $lines | Should -Be 'ok', 'ok'
            Invoke-Fe2Command c-2 'touch /tmp/bad'
            $lines = Invoke-Fe2Command -Instance c-* '[ -e /tmp/bad ] && exit 9; sleep 0.3; echo ok' -ErrorAction SilentlyContinue -ErrorVariable failure
            $lines | Should -Be 'ok'
            $lines.InstanceName | Should -Be 'c-1'
            $failure.Count | Should -Be 1
            $failure[0].TargetObject | Should -Be (Get-Fe2Instance c-2).InstanceId
        }

        It 'as a result is small and useful as JSON, and has a view' {
            $result = Invoke-Fe2Command c-1 'echo 한국어; exit 4' -AsResult
            $json = $result | ConvertTo-Json | ConvertFrom-Json
            $json.ExitCode | Should -Be 4
            $json.Output | Should -Be '한국어'
            ($result | ConvertTo-Json).Length | Should -BeLessThan 700
            $result | Out-String | Should -Match 'c-1\s+4'
        }
    }

    Context '-ThrottleLimit' {
        It 'runs on so many machines at once, and on no more' {
            # The clock of all these machines is the same: each says when it began and when it ended.
            $null = New-Fe2Instance t -Count 4
            $spans = Invoke-Fe2Command t-* 'date +%s%N; sleep 1; date +%s%N' -ThrottleLimit 2 -AsResult
            $spans.Count | Should -Be 4
            $changes = foreach ($span in $spans) { , @([long] $span.Output[0], 1); , @([long] $span.Output[1], -1) }
            $now = $most = 0
            foreach ($change in $changes | Sort-Object { $_[0] }) { $now += $change[1]; $most = [Math]::Max($most, $now) }
            $most | Should -Be 2

            $spans = Invoke-Fe2Command t-* 'date +%s%N; sleep 1; date +%s%N' -ThrottleLimit 1 -AsResult | Sort-Object { [long] $_.Output[0] }
            foreach ($i in 1..3) { [long] $spans[$i].Output[0] | Should -BeGreaterOrEqual ([long] $spans[$i - 1].Output[1]) }

            $job = Invoke-Fe2Command t-* 'date +%s%N; sleep 1; date +%s%N' -ThrottleLimit 1 -AsJob
            $null = Wait-Job $job -Timeout 120
            $times = $job.ChildJobs | ForEach-Object { , @(Receive-Job $_ | ForEach-Object { [long] "$_" }) } | Sort-Object { $_[0] }
            foreach ($i in 1..3) { $times[$i][0] | Should -BeGreaterOrEqual $times[$i - 1][1] }
            Remove-Job $job
            Remove-Fe2Instance t-* -Confirm:$false
        }
    }

    Context '-FilePath' {
        BeforeAll {
            $script = Join-Path $TestDrive '내 script.sh'
            Set-Content -LiteralPath $script -Value "#!/bin/bash`necho `"`${0##*/}`"`nfor a in `"`$@`"; do printf '%s\n' `"`$a`"; done`necho `$BASH_VERSION | cut -c1-2`nls -d `"`${0%/*}`" >&2`ncat`nexit 5"
        }

        It 'runs by its shebang under its own name, with arguments as they are, and leaves nothing' {
            $failure = $null
            $lines = Invoke-Fe2Command c-1 -FilePath $script 'a b', '$HOME', "it's", '한국어', '' -ErrorAction SilentlyContinue -ErrorVariable failure
            $lines | Should -Be '내 script.sh', 'a b', '$HOME', "it's", '한국어', '', '5.'
            $failure[1].FullyQualifiedErrorId | Should -BeLike 'RemoteCommandFailed,*'
            $LASTEXITCODE | Should -Be 5
            $folder = $failure[0].Exception.Message
            $folder | Should -BeLike '/tmp/.fe2-*'
            Invoke-Fe2Command c-1 'ls -A /tmp ~ | grep fe2-; true' | Should -BeNullOrEmpty
        }

        It 'is python where the shebang says so, and sh without one' {
            $python = Join-Path $TestDrive 'x.py'
            Set-Content -LiteralPath $python -Value "#!/usr/bin/env python3`nimport sys`nprint(sys.argv[1:])"
            Invoke-Fe2Command c-1 -FilePath $python -ArgumentList 1, 'b c' | Should -Be "['1', 'b c']"
            $plain = Join-Path $TestDrive 'plain'
            Set-Content -LiteralPath $plain -Value 'echo plain $#'
            Get-Fe2Instance c-* | Invoke-Fe2Command -FilePath $plain | Should -Be 'plain 0', 'plain 0'
        }

        It 'is gone also when the connection is cut' {
            $long = Join-Path $TestDrive 'long.sh'
            Set-Content -LiteralPath $long -Value "#!/bin/sh`nwhile echo alive; do sleep 0.1; done"
            Invoke-Fe2Command c-1 -FilePath $long | Select-Object -First 1 | Should -Be 'alive'
            Wait-Until { -not (Invoke-Fe2Command c-1 'ls -A /tmp | grep fe2-; true') } -What 'the script is gone'
        }

        It 'says what is wrong with it' {
            { Invoke-Fe2Command c-1 -FilePath ./nosuch.sh -ErrorAction Stop } | Should -Throw -ErrorId 'FileNotFound,*'
            $windows = Join-Path $TestDrive 'windows.sh'
            [System.IO.File]::WriteAllText($windows, "#!/bin/sh`r`necho x`r`n")
            { Invoke-Fe2Command c-1 -FilePath $windows -ErrorAction Stop } | Should -Throw -ErrorId 'ScriptInvalid,*'
        }
    }

    Context '-KeyFile' {
        BeforeAll {
            $key = (Get-Fe2SshConfig c-1).IdentityFile
            $keys = (New-Item -ItemType Directory -Path (Join-Path $TestDrive 'my keys')).FullName
            Copy-Item -LiteralPath $key (Join-Path $keys 'k.pem')
            Push-Location $keys
        }

        AfterAll { Pop-Location }

        It 'is found from the folder of the session, which is not that of the process' {
            [System.Environment]::CurrentDirectory | Should -Not -Be $PWD.ProviderPath
            Invoke-Fe2Command c-1 'echo in' -KeyFile ./k.pem -ErrorAction Stop | Should -Be 'in'
            Invoke-Fe2Command c-1 'echo in' -KeyFile (Get-Item k.pem) -ErrorAction Stop | Should -Be 'in'
            (Get-Fe2SshConfig c-1 -KeyFile k.pem).IdentityFile | Should -Be (Join-Path $keys 'k.pem')
            Copy-Fe2Item c-1:/etc/hostname ./host -KeyFile k.pem -ErrorAction Stop
            Get-Content ./host | Should -Not -BeNullOrEmpty
        }

        It 'is found from a drive of the session, and where the session stands in no folder' {
            $null = New-PSDrive keys FileSystem $keys
            Invoke-Fe2Command c-1 'echo in' -KeyFile keys:k.pem -ErrorAction Stop | Should -Be 'in'
            Push-Location Env:
            try { Invoke-Fe2Command c-1 'echo in' -KeyFile ./k.pem -ErrorAction Stop | Should -Be 'in' }
            finally { Pop-Location }
        }

        It 'is named in full where it is missing: <Call>' -ForEach @(
            @{ Call = { Enter-Fe2Instance c-1 -Command true -KeyFile ./nosuch.pem -ErrorAction Stop } }
            @{ Call = { Invoke-Fe2Command c-1 true -KeyFile ./nosuch.pem -ErrorAction Stop } }
            @{ Call = { Send-Fe2Command c-1 true -KeyFile ./nosuch.pem -ErrorAction Stop } }
            @{ Call = { Receive-Fe2Command c-1 -KeyFile ./nosuch.pem -ErrorAction Stop } }
            @{ Call = { Copy-Fe2Item c-1:x ./x -KeyFile ./nosuch.pem -ErrorAction Stop } }
            @{ Call = { Start-Fe2Tunnel c-1 8080 -KeyFile ./nosuch.pem -ErrorAction Stop } }
            @{ Call = { Open-Fe2Notebook c-1 -NoBrowser -KeyFile ./nosuch.pem -ErrorAction Stop } }
            @{ Call = { Get-Fe2SshConfig c-1 -KeyFile ./nosuch.pem -ErrorAction Stop } }
        ) {
            $failure = $null
            try { & $Call } catch { $failure = $_ }
            $failure.FullyQualifiedErrorId | Should -BeLike 'KeyFileNotFound,*'
            "$failure" | Should -BeLike "*'$(Join-Path $keys 'nosuch.pem')'*"
        }
    }

    Context '-ScriptBlock' {
        It 'on a machine without pwsh names the other ways' {
            $failure = $null
            Invoke-Fe2Command c-1 { 1 } -ErrorAction SilentlyContinue -ErrorVariable failure
            $failure.Count | Should -Be 1
            $failure[0].FullyQualifiedErrorId | Should -BeLike 'RemotePowerShellMissing,*'
            $failure[0].ErrorDetails.RecommendedAction | Should -Match '-Command.*-FilePath'
        }

        It 'in the place of a name is refused' {
            { 'c-1' | Invoke-Fe2Command { 1 } } | Should -Throw '*-ScriptBlock*'
        }
    }

    Context '-AsJob' {
        It 'is a job of PowerShell, with a child for each machine' {
            $job = Invoke-Fe2Command c-* 'echo out; echo why >&2; [ -e /tmp/bad ] && exit 9; true' -AsJob -JobName both
            $job | Should -BeOfType System.Management.Automation.Job
            (Get-Job both).Id | Should -Be $job.Id
            $job.ChildJobs.Location | Sort-Object | Should -Be 'c-1', 'c-2'
            Wait-Job $job -Timeout 60 | Should -Not -BeNullOrEmpty
            $job.State | Should -Be 'Failed'
            ($job.ChildJobs | Where-Object Location -EQ 'c-1').State | Should -Be 'Completed'
            $failure = $null
            $lines = Receive-Job $job -ErrorAction SilentlyContinue -ErrorVariable failure
            $lines | Should -Be 'out', 'out'
            $lines.InstanceName | Sort-Object | Should -Be 'c-1', 'c-2'
            ($failure | Where-Object FullyQualifiedErrorId -Like 'RemoteCommandFailed*').Count | Should -Be 1
            $job.HasMoreData | Should -BeFalse
            Remove-Job $job
            Get-Job both -ErrorAction Ignore | Should -BeNullOrEmpty
        }

        It 'hands over what there is while it runs, and stops' {
            $job = Invoke-Fe2Command c-1 'echo begun; sleep 300' -AsJob
            Wait-Until { $job.HasMoreData } -What 'the job writes'
            Receive-Job $job | Should -Be 'begun'
            (Measure-Command { Stop-Job $job }).TotalSeconds | Should -BeLessThan 30
            $job.State | Should -Be 'Stopped'
            Remove-Job $job
        }

        It 'is removed while it runs with -Force' {
            $job = Invoke-Fe2Command c-1 'echo begun; sleep 300' -AsJob
            Wait-Until { $job.HasMoreData } -What 'the job writes'
            Remove-Job $job -Force
            Get-Job | Should -BeNullOrEmpty
        }

        It 'ends with its session and leaves no process' {
            $marker = "fe2-$([guid]::NewGuid().ToString('n'))"
            $text = & (Get-Process -Id $PID).Path -NoProfile -Command "Import-Module '$env:FE2_MODULE/Fe2Ps.psd1'; `$job = Invoke-Fe2Command c-1 'echo begun; sleep 300 # $marker' -AsJob -EndpointUrl $endpoint; while (-not `$job.HasMoreData) { Start-Sleep -Milliseconds 50 }; 'end'"
            $text | Should -Be 'end'
            Wait-Until { -not (Get-ChildItem /proc -Directory | Where-Object { $_.Name -match '^\d+$' -and $_.Name -ne $PID -and ((Get-Content -LiteralPath "$($_.FullName)/cmdline" -Raw -ErrorAction Ignore) -match "^ssh.*$marker") }) } -What 'no ssh stays'
        }
    }

    It 'changes nothing with -WhatIf' {
        Invoke-Fe2Command c-1 'touch /tmp/whatif' -WhatIf
        Invoke-Fe2Command c-1 'touch /tmp/whatif' -AsJob -WhatIf | Should -BeNullOrEmpty
        Invoke-Fe2Command c-1 'ls /tmp' | Should -Not -Contain 'whatif'
    }
}

Describe 'Script blocks on machines with pwsh' -Skip:(-not ($IsLinux -and (id -u) -eq '0' -and (Get-Command sshd -ErrorAction Ignore))) {
    BeforeAll {
        . (Join-Path $PSScriptRoot 'Common.ps1')
        Initialize-Fe2Test
        # These hosts share this computer's programs.
        $null = Start-Fe2Sandbox -Hosts Process -Speed Fast
        $null = New-Fe2Instance p
    }

    AfterAll { Clear-Fe2Test }

    It 'send objects back' {
        $back = Invoke-Fe2Command p { param($a, $b) [pscustomobject] @{ Sum = $a + $b; Text = '한국어'; At = [datetime] '2026-01-02'; List = 1..3 } } -ArgumentList 2, 3
        $back.Sum | Should -Be 5
        $back.Text | Should -Be '한국어'
        $back.At | Should -BeOfType datetime
        $back.List | Should -Be 1, 2, 3
        $back.InstanceName | Should -Be 'p'
        $LASTEXITCODE | Should -Be 0
    }

    It 'know $using: variables, nested ones and splatted ones too' {
        $word = "it's `"한국어`""; $table = @{ Format = 'yyyy' }; $when = [datetime] '2026-01-02'
        Invoke-Fe2Command p { "$using:word $($using:word.Length)"; & { Get-Date $using:when @using:table } } | Should -Be "$word $($word.Length)", '2026'
        $nothing = $null
        Invoke-Fe2Command p { $null -eq $using:nothing; "[$using:nothing]" } | Should -Be $true, '[]'
        { Invoke-Fe2Command p { $using:nosuch } -ErrorAction Stop } | Should -Throw -ErrorId 'UsingNotFound,*'
    }

    It 'keep the streams apart' {
        $failure = $null
        $out = Invoke-Fe2Command p { 'out'; Write-Warning 'warn'; Write-Verbose 'verb' -Verbose; Write-Host 'host'; Write-Error 'err' -ErrorId Mine; 'after' } -ErrorAction SilentlyContinue -ErrorVariable failure -WarningVariable warned -WarningAction SilentlyContinue -InformationVariable shown 6>$null
        $out | Should -Be 'out', 'after'
        $failure.Count | Should -Be 1
        $failure[0].FullyQualifiedErrorId | Should -BeLike 'Mine*'
        "$warned" | Should -Be 'p: warn'
        "$shown" | Should -Match 'host'
    }

    It 'tell what ended them' {
        $failure = $null
        Invoke-Fe2Command p { 'before'; throw 'no way' } -ErrorAction SilentlyContinue -ErrorVariable failure | Should -Be 'before'
        $failure.Count | Should -Be 1
        "$($failure[0])" | Should -Match 'exit code 1 on p: no way'
        (Invoke-Fe2Command p { exit 6 } -AsResult).ExitCode | Should -Be 6
        (Invoke-Fe2Command p { sh -c 'exit 4' } -AsResult).ExitCode | Should -Be 4
    }

    It 'hand over objects as they come' {
        $time = Measure-Command { Invoke-Fe2Command p { 'first'; Start-Sleep 60 } | Select-Object -First 1 | Should -Be 'first' }
        $time.TotalSeconds | Should -BeLessThan 30
    }

    It 'run as a job' {
        $job = Invoke-Fe2Command p { [pscustomobject] @{ A = 1 }; Write-Warning 'careful' } -AsJob
        (Receive-Job $job -Wait -WarningAction SilentlyContinue).A | Should -Be 1
        Remove-Job $job
    }
}
