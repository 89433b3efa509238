Describe 'Many runspaces at once' -Skip:(-not ($IsLinux -and (id -u) -eq '0' -and (Get-Command sshd -ErrorAction Ignore))) {
    BeforeAll {
        . (Join-Path $PSScriptRoot 'Common.ps1')
        Initialize-Fe2Test
        $null = Start-Fe2Sandbox -Hosts Process -Speed Fast
        $null = New-Fe2Instance r -Count 4
        $endpoint = (Get-Fe2Sandbox -Current).EndpointUrl
        $module = "$env:FE2_MODULE/Fe2Ps.psd1"
    }

    AfterAll { Clear-Fe2Test }

    It 'of ForEach-Object -Parallel mix nothing and wait for nobody' {
        $found = 1..32 | ForEach-Object -ThrottleLimit 32 -TimeoutSeconds 300 -Parallel {
            $number = $_
            $name = "r-$(1 + $number % 4)"
            Import-Module $using:module
            # One of them changes a default of all; a session of its own is not touched by it.
            if ($number -eq 7) { Set-Fe2Default -User ubuntu }
            $instance = Get-Fe2Instance $name
            $lines = Invoke-Fe2Command $name 'for i in 1 2 3; do echo "$0-$i"; done' -ErrorAction Stop
            $result = Invoke-Fe2Command $name "echo $number; exit $number" -AsResult
            [pscustomobject] @{
                Number = $number; Name = $name; Found = $instance.Name; Lines = $lines.Count
                From = @($lines.InstanceName | Select-Object -Unique) -join ','; Output = "$($result.Output)"; Code = $result.ExitCode
                Endpoint = (Get-Fe2Sandbox -Current).EndpointUrl
            }
        }
        $found.Count | Should -Be 32
        foreach ($one in $found) {
            $one.Found | Should -Be $one.Name
            $one.From | Should -Be $one.Name
            $one.Lines | Should -Be 3
            $one.Output | Should -Be "$($one.Number)"
            $one.Code | Should -Be $one.Number
        }
    }

    It 'of Start-ThreadJob do so too' -Skip:(-not (Get-Command Start-ThreadJob -ErrorAction Ignore)) {
        $jobs = 1..32 | ForEach-Object {
            Start-ThreadJob -ThrottleLimit 32 -ArgumentList $_, $module, $endpoint -ScriptBlock {
                param($number, $module, $endpoint)
                Import-Module $module
                $name = "r-$(1 + $number % 4)"
                "$number $((Get-Fe2Instance $name -EndpointUrl $endpoint).Name) $(Invoke-Fe2Command $name "echo $number" -EndpointUrl $endpoint)"
            }
        }
        $null = Wait-Job $jobs -Timeout 300
        $jobs.State | Select-Object -Unique | Should -Be 'Completed'
        $lines = Receive-Job $jobs
        Remove-Job $jobs
        $lines | Sort-Object { [int] ($_ -split ' ')[0] } | Should -Be (1..32 | ForEach-Object { "$_ r-$(1 + $_ % 4) $_" })
    }

    It 'keep the sandbox that each has chosen' {
        $other = Start-Fe2Sandbox -Hosts None -Speed Fast
        try {
            $null = New-Fe2Instance elsewhere -NoWait -EndpointUrl $other.EndpointUrl
            $names = 1..16 | ForEach-Object -ThrottleLimit 16 -TimeoutSeconds 120 -Parallel {
                Import-Module $using:module
                $where = $_ % 2 ? $using:endpoint : ($using:other).EndpointUrl
                "$($_ % 2) " + (((Get-Fe2Instance -EndpointUrl $where).Name | Sort-Object) -join ',')
            }
            $names | Sort-Object -Unique | Should -Be '0 elsewhere', '1 r-1,r-2,r-3,r-4'
        }
        finally { $other | Stop-Fe2Sandbox }
    }
}
