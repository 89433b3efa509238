BeforeDiscovery {
    # Real logins need real hosts: Linux, root and runc.
    $skip = -not ($IsLinux -and (id -u) -eq '0' -and (Get-Command runc, mmdebstrap, ssh -ErrorAction Ignore).Count -eq 3)
}

Describe 'Machines, where something refuses' -Skip:$skip {
    BeforeAll {
        . (Join-Path $PSScriptRoot 'Common.ps1')
        Initialize-Fe2Test
        $null = Start-Fe2Sandbox -Hosts Container -Speed Fast
        $null = New-Fe2Instance w -Count 3
        # Something that is listed and never answers: its address belongs to no host.
        Add-Fe2Seed -Count 1 -Prefix 'mute-'
    }

    AfterAll { Clear-Fe2Test }

    It 'lets go of every machine at once when the pipeline has had enough' {
        # What a worker that was left behind would hold: a thread that waits for a pipeline that has gone.
        $before = $null
        foreach ($turn in 1..10) {
            $time = Measure-Command { Get-Fe2Instance w-* | Invoke-Fe2Command 'yes' | Select-Object -First 1 | Should -Be 'y' }
            if ($turn -eq 2) { $before = [System.Threading.ThreadPool]::ThreadCount }
        }

        $time.TotalSeconds | Should -BeLessThan 60
        [System.Threading.ThreadPool]::ThreadCount | Should -BeLessOrEqual ($before + 4)
    }

    It 'hands on the machines that are ready, and says which are not' {
        $failure = $null
        $ready = Get-Fe2Instance w-*, mute-* | Wait-Fe2Instance -State ready -Timeout 12 -ErrorAction SilentlyContinue -ErrorVariable failure
        ($ready.Name | Sort-Object) | Should -Be 'w-1', 'w-2', 'w-3'
        $failure.Count | Should -Be 1
        "$($failure[0])" | Should -Match 'mute-1'
    }

    It 'keeps the exit code of a command on one machine' {
        $global:LASTEXITCODE = 99
        Invoke-Fe2Command w-1 'exit 3' -ErrorAction SilentlyContinue
        $LASTEXITCODE | Should -Be 3
        Invoke-Fe2Command w-1 true
        $LASTEXITCODE | Should -Be 0
        $null = Invoke-Fe2Command w-1 'exit 4' -AsResult
        $LASTEXITCODE | Should -Be 4
        $null = Get-Fe2Instance w-* | Invoke-Fe2Command 'exit 5' -AsResult
        $LASTEXITCODE | Should -Be 4
    }

    It 'goes on with the next job where a folder cannot be made' {
        $script = Join-Path $TestDrive 'short.sh'
        Set-Content -LiteralPath $script -Value "#!/bin/bash`necho done"
        $jobs = Invoke-Fe2Script $script w-1 -Name first -Destination $TestDrive -Wait
        $jobs = @($jobs) + (Invoke-Fe2Script $script w-2 -Name second -Destination $TestDrive -Wait)
        $blocked = New-Item -ItemType Directory (Join-Path $TestDrive 'blocked')
        # A file where the first job's folder would be.
        Set-Content -LiteralPath (Join-Path $blocked 'first') -Value x
        $failure = $null
        $folders = $jobs | Receive-Fe2Script -Destination $blocked.FullName -ErrorAction SilentlyContinue -ErrorVariable failure
        $folders.Name | Should -Be 'second'
        $failure.Count | Should -Be 1
        $failure[0].FullyQualifiedErrorId | Should -BeLike 'LocalFailure,*'

        # The same where both are one record.
        $failure = $null
        $folders = Receive-Fe2Script first, second -Destination $blocked.FullName -ErrorAction SilentlyContinue -ErrorVariable failure
        $folders.Name | Should -Be 'second'
        $failure.Count | Should -Be 1
    }
}
