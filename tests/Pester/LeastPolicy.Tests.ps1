BeforeDiscovery {
    # Real logins need real hosts: Linux, root and runc.
    $skip = -not ($IsLinux -and (id -u) -eq '0' -and (Get-Command runc, mmdebstrap, ssh -ErrorAction Ignore).Count -eq 3)
}

# A user who has the policy of about_Fe2Ps_Security and nothing else does what the module is for. What the sandbox refuses, AWS would.
Describe 'The least permissions' -Skip:$skip {
    BeforeAll {
        . (Join-Path $PSScriptRoot 'Common.ps1')
        Initialize-Fe2Test
        $null = Start-Fe2Sandbox -Hosts Container -Speed Fast
        $page = Get-Content -Raw (Join-Path $PSScriptRoot '../../docs/about_Fe2Ps_Security.md')
        $policy = [regex]::Match($page, '(?s)```json\n(.*?)\n```').Groups[1].Value
        $endpoint = (Get-Fe2Sandbox -Current).EndpointUrl
        function Set-Fe2User([string] $Policy) {
            $body = "{""name"":""least"",""policies"":[$Policy]}"
            $user = Invoke-RestMethod -Method Post -Uri "$endpoint/_sandbox/users" -Body $body -ContentType 'application/json'
            $env:AWS_ACCESS_KEY_ID = $user.accessKey
            $env:AWS_SECRET_ACCESS_KEY = $user.secretKey
        }

        # Calls that were refused for want of a right. What the monitor's role may not do would be among them.
        function Get-Fe2Denial { Get-Fe2Call | Where-Object error -In 'UnauthorizedOperation', 'AccessDenied', 'AccessDeniedException', 'InternalError' }

        Set-Fe2User $policy
        Add-Fe2TargetGroup tg
        $script = Join-Path $script:Fe2TestFolder 'job.sh'
        # The first machine is left only when it is taken away.
        Set-Content $script "#!/bin/sh`nuntil [ `$FE2_ATTEMPT = 2 ]; do sleep 0.5; done`necho result > out.txt"
    }

    AfterAll {
        Remove-Item Env:AWS_ACCESS_KEY_ID, Env:AWS_SECRET_ACCESS_KEY -ErrorAction Ignore
        Clear-Fe2Test
    }

    It 'are what is asked for here' {
        Set-Fe2User '{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"ec2:DescribeInstances","Resource":"*"}]}'
        { Get-Fe2Instance -ErrorAction Stop } | Should -Throw -ErrorId 'Unauthorized,*'
        Set-Fe2User $policy
        Clear-Fe2Call
    }

    It 'are enough for machines, jobs with a monitor, and what they leave' {
        $null = New-Fe2Instance od1
        $null = New-Fe2Instance spot2 -Spot
        $caller = Start-ThreadJob {
            param($module, $folder, $script)
            $env:FE2_HOME = $folder
            Import-Module $module
            Invoke-Fe2Script $script spot2 od1 -Name train -Recover
        } -ArgumentList (Join-Path $env:FE2_MODULE 'Fe2Ps.psd1'), $env:FE2_HOME, $script
        Wait-Until { (Get-Fe2Instance od1).IamInstanceProfile.Arn -like '*/fe2-monitor-us-east-2' } -Seconds 120 -What 'the monitor has its role'
        Add-Fe2Fault @{ kind = 'interrupt'; instance = 'spot2'; seconds = 10 }
        Wait-Until { (Get-Fe2Script train).State -eq 'Finished' } -Seconds 180 -What 'the job is finished'
        (Get-Fe2Script train).Attempt | Should -Be 2
        $null = $caller | Wait-Job -Timeout 60
        Remove-Job $caller -Force
        Get-Fe2Cost | Should -Not -BeNullOrEmpty
        Get-Fe2SpotPrice m5.large | Should -Not -BeNullOrEmpty
        Remove-Fe2Instance spot2 -Confirm:$false
        Get-Fe2Denial | Should -BeNullOrEmpty
    }

    It 'are enough for volumes, snapshots, backups and images' {
        $null = New-Fe2Volume data 1 od1
        $null = New-Fe2Snapshot data snap1 -Wait
        $null = New-Fe2Volume spare 1
        $null = Resize-Fe2Volume spare 2
        $null = Register-Fe2Backup data
        Unregister-Fe2Backup data -WarningAction SilentlyContinue
        $null = Restore-Fe2Volume data -NewName again
        Dismount-Fe2Volume data
        Dismount-Fe2Volume again
        Remove-Fe2Volume data, spare, again -Confirm:$false
        Remove-Fe2Snapshot snap1 -Confirm:$false
        $null = New-Fe2Ami od1 -Name base -Wait
        Remove-Fe2Ami base -Confirm:$false
        Stop-Fe2Instance od1 -PassThru | Wait-Fe2Instance -State stopped
        Set-Fe2InstanceType od1 t3.small
        Start-Fe2Instance od1
        $null = Wait-Fe2Instance od1
        Get-Fe2Denial | Should -BeNullOrEmpty
    }

    It 'are enough for groups and shared file systems' {
        $null = New-Fe2Group web -Min 0 -Desired 1 -Max 2 -Spot 50% -TargetGroup tg -NoWait
        Set-Fe2Group web -Desired 0
        Remove-Fe2Group web -Confirm:$false
        # The sandbox's machines have nothing that mounts; what is asked of AWS has been asked by then.
        Mount-Fe2FileSystem shared od1 -ErrorAction SilentlyContinue
        Get-Fe2FileSystem shared | Remove-Fe2FileSystem -Confirm:$false
        Get-Fe2FileSystem | Should -BeNullOrEmpty
        Get-Fe2Denial | Should -BeNullOrEmpty
    }

    It 'are enough to leave nothing' {
        Clear-Fe2Call
        Remove-Fe2Instance * -Confirm:$false
        (Get-Fe2Call DeleteRole).status | Should -Be 200
        Get-Fe2Denial | Should -BeNullOrEmpty
    }
}
