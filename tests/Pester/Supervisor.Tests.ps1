BeforeDiscovery {
    # Real logins need real hosts: Linux, root and runc.
    $skip = -not ($IsLinux -and (id -u) -eq '0' -and (Get-Command runc, mmdebstrap, ssh -ErrorAction Ignore).Count -eq 3)
}

Describe 'Jobs that go on with this computer switched off' -Skip:$skip {
    BeforeAll {
        . (Join-Path $PSScriptRoot 'Common.ps1')
        Initialize-Fe2Test
        $null = Start-Fe2Sandbox -Hosts Container -Speed Fast
        $null = New-Fe2Instance od1
        $null = New-Fe2Instance spot2 -Spot
        $script = Join-Path $script:Fe2TestFolder 'long.sh'
        # The first machine is left only when it is taken away.
        Set-Content $script "#!/bin/sh`nuntil [ `$FE2_ATTEMPT = 2 ]; do sleep 0.5; done`necho second"
        $short = Join-Path $script:Fe2TestFolder 'short.sh'
        Set-Content $short "#!/bin/sh`necho short"
    }

    AfterAll { Clear-Fe2Test }

    It 'gives the monitor no role with -NoSupervisor, and none to a short script that is over' {
        $job = Invoke-Fe2Script $short spot2 od1 -Recover -NoSupervisor -WarningVariable warnings -WarningAction SilentlyContinue
        $job.State | Should -Be 'Finished'
        (Get-Fe2Instance od1).IamInstanceProfile | Should -BeNullOrEmpty
        (Invoke-Fe2Script $short spot2 od1 -Recover -WarningVariable +warnings -WarningAction SilentlyContinue).State | Should -Be 'Finished'
        $warnings | Where-Object { "$_" -match 'by itself' } | Should -BeNullOrEmpty
    }

    It 'finishes a job whose caller is gone on another machine' {
        $caller = Start-ThreadJob {
            param($module, $folder, $script)
            $env:FE2_HOME = $folder
            Import-Module $module
            Invoke-Fe2Script $script spot2 od1 -Name away -Recover -OnExit Terminate
        } -ArgumentList (Join-Path $env:FE2_MODULE 'Fe2Ps.psd1'), $env:FE2_HOME, $script
        Wait-Until { Invoke-Fe2Command od1 'ls .fe2/jobs/away-*/supervise.pid 2>/dev/null' -ErrorAction Ignore } -Seconds 120 -What 'the supervisor is there'
        Stop-Job $caller
        Remove-Job $caller -Force
        Add-Fe2Fault @{ kind = 'interrupt'; instance = 'spot2'; seconds = 120 }
        Wait-Until { (Get-Fe2Script away).State -eq 'Finished' } -Seconds 180 -What 'the job is finished'
        $job = Get-Fe2Script away
        $job.Attempt | Should -Be 2
        $job.Recovery.Attempts[0].End | Should -Be 'interrupted'
        (Get-Fe2Instance od1).IamInstanceProfile.Arn | Should -BeLike '*/fe2-monitor-us-east-2'
    }

    It 'lets the disk of a machine that ends with its job stay with -KeepVolume, and only then' {
        foreach ($keeps in $true, $false) {
            $machine = New-Fe2Instance "keeper-$keeps"
            $disk = $machine.BlockDeviceMappings[0].Ebs.VolumeId
            $job = Invoke-Fe2Script $short "keeper-$keeps" od1 -KeepVolume:$keeps -OnExit Terminate
            Wait-Until { (Get-Fe2Volume -VolumeId $disk -ErrorAction Ignore).State -notin 'in-use', 'deleting' } -Seconds 120 -What 'the machine is gone'
            $kept = Get-Fe2Volume -VolumeId $disk -ErrorAction Ignore
            if ($keeps) {
                $kept.State | Should -Be 'available'
                ($kept.Tags | Where-Object Key -EQ 'fe2:job').Value | Should -Be $job.Name
                $kept | Remove-Fe2Volume -Confirm:$false
            }
            else { $kept | Should -BeNullOrEmpty }
        }
    }

    It 'leaves no role when the last monitor is removed' {
        Clear-Fe2Call
        Remove-Fe2Instance od1 -Confirm:$false
        (Get-Fe2Call DeleteRole).status | Should -Be 200
    }
}
