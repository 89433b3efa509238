Describe 'Stopping and failing' {
    BeforeAll {
        . (Join-Path $PSScriptRoot 'Common.ps1')
        Initialize-Fe2Test
        $null = Start-Fe2Sandbox -Hosts None -Speed Realistic
        $endpoint = (Get-Fe2Sandbox -Current).EndpointUrl
        $null = New-Fe2Instance base -NoWait

        # How long is at once: what does not obey takes half a minute and more. The bench measures, not a test on a busy machine.
        $atOnce = 8

        # Runs a script in a session of its own and stops it, as Ctrl+C does, when the condition holds.
        function Measure-Stop {
            param([string] $Script, [scriptblock] $When)
            $shell = [powershell]::Create()
            try {
                $null = $shell.AddScript("Import-Module '$env:FE2_MODULE/Fe2Ps.psd1'`n$Script")
                $running = $shell.BeginInvoke()
                Wait-Until $When -What 'the work has begun'
                $time = Measure-Command { $shell.Stop() }
                $running.IsCompleted | Should -BeTrue
                $time
            }
            finally { $shell.Dispose() }
        }
    }

    AfterAll {
        Clear-Fe2Test
    }

    It 'obeys at once while <What>' -ForEach @(
        @{ What = 'waiting for a state'; Operation = 'DescribeInstances'; Script = 'Wait-Fe2Instance base -State stopped -EndpointUrl {0}' }
        @{ What = 'making a file system'; Operation = 'CreateFileSystem'; Script = 'Mount-Fe2FileSystem interrupted base -EndpointUrl {0}' }
        @{ What = 'launching'; Operation = 'RunInstances'; Script = 'New-Fe2Instance interrupted -EndpointUrl {0}' }
    ) {
        Clear-Fe2Call
        $time = Measure-Stop ($Script -f $endpoint) { Get-Fe2Call $Operation }
        $time.TotalSeconds | Should -BeLessThan $atOnce
    }

    It 'obeys at once while EC2 does not answer' {
        Add-Fe2Fault @{ kind = 'slow'; operation = 'DescribeInstances'; seconds = 30 }
        $time = Measure-Stop "Get-Fe2Instance -EndpointUrl $endpoint" { (Invoke-RestMethod "$endpoint/_sandbox/faults").seen -gt 0 -or (Invoke-RestMethod "$endpoint/_sandbox/faults").struck -gt 0 }
        $time.TotalSeconds | Should -BeLessThan $atOnce
        Clear-Fe2Fault
    }

    It 'says after Ctrl+C what is running, and how to go on: <Script>' -Skip:$IsWindows -ForEach @(
        @{ Script = 'Wait-Fe2Instance base -State stopped'; Operation = 'DescribeInstances'; Count = 3; Said = 'base \(i-', 'Wait-Fe2Instance -State stopped' }
        @{ Script = 'Mount-Fe2FileSystem stopped base'; Operation = 'CreateFileSystem'; Count = 1; Said = 'stopped \(fs-', 'Remove-Fe2FileSystem fs-', 'the same command goes on' }
    ) {
        $start = [System.Diagnostics.ProcessStartInfo]::new((Get-Process -Id $PID).Path)
        $start.RedirectStandardOutput = $true
        $start.RedirectStandardError = $true
        '-NoProfile', '-Command', "Import-Module '$env:FE2_MODULE/Fe2Ps.psd1'; $Script -EndpointUrl $endpoint" | ForEach-Object { $start.ArgumentList.Add($_) }
        Clear-Fe2Call
        $process = [System.Diagnostics.Process]::Start($start)
        Wait-Until { @(Get-Fe2Call $Operation).Count -ge $Count } -What 'it waits'
        $watch = [System.Diagnostics.Stopwatch]::StartNew()
        & kill -INT $process.Id
        $text = $process.StandardOutput.ReadToEnd() + $process.StandardError.ReadToEnd()
        $process.WaitForExit()
        $watch.Elapsed.TotalSeconds | Should -BeLessThan $atOnce
        foreach ($pattern in $Said) { $text | Should -Match $pattern }
    }

    It 'names what runs when the pipeline itself cuts a launch short' {
        # One zone has no room, and what its request left cannot be looked for: a warning, which the pipeline refuses.
        Add-Fe2Fault @{ kind = 'capacity'; zone = 'us-east-2a' }
        Add-Fe2Fault @{ kind = 'deny'; operation = 'DescribeSpotInstanceRequests' }
        $text = & (Get-Process -Id $PID).Path -NoProfile -Command "Import-Module '$env:FE2_MODULE/Fe2Ps.psd1'; New-Fe2Instance refused -Spot -EndpointUrl $endpoint -Region us-east-2 -WarningAction Stop" 2>&1 | Out-String -Width 4000
        Clear-Fe2Fault
        $text | Should -Match 'spot request is left open'
        # Whether EC2 had the next order by then or not: what runs is named, or nothing runs.
        foreach ($left in Get-Fe2Instance refused* | Where-Object State -In 'pending', 'running') {
            $text | Should -Match $left.InstanceId
            $text | Should -Match 'Remove-Fe2Instance'
            $text | Should -Match '[Ii]nterrupted'
        }

        Get-Fe2Instance refused* | Remove-Fe2Instance -Confirm:$false
    }

    It 'does not swallow the end of a pipeline' {
        Add-Fe2Seed -Count 20 -Prefix 'some-'
        (Get-Fe2Instance some-* | Select-Object -First 3).Count | Should -Be 3
    }

    It 'goes on with the next record after an error, unless -ErrorAction Stop' {
        $failure = $null
        $made = 'base', 'after' | New-Fe2Instance -NoWait -ErrorAction SilentlyContinue -ErrorVariable failure
        $made.Name | Should -Be 'after'
        $failure.Count | Should -Be 1
        { 'base', 'never' | New-Fe2Instance -NoWait -ErrorAction Stop } | Should -Throw -ErrorId 'NameTaken,*'
        Get-Fe2Instance never* | Should -BeNullOrEmpty
    }

    It 'says what happened where <What>' -ForEach @(
        @{ What = 'nothing listens'; Category = 'ConnectionError'; Parameters = @{ EndpointUrl = 'http://127.0.0.1:1' } }
        @{ What = 'the endpoint is none'; Category = 'InvalidArgument'; Parameters = @{ EndpointUrl = 'nonsense' } }
        @{ What = 'the profile does not exist'; Category = 'ObjectNotFound'; Parameters = @{ ProfileName = 'nosuch'; EndpointUrl = 'http://127.0.0.1:1' } }
    ) {
        $failure = $null
        Get-Fe2Instance @Parameters -Region Ohio -ErrorAction SilentlyContinue -ErrorVariable failure
        $failure.Count | Should -Be 1
        $failure[0].CategoryInfo.Category | Should -Be $Category
        $failure[0].ErrorDetails.RecommendedAction | Should -Not -BeNullOrEmpty
    }

    It 'survives throttling and says what refused it in the end' {
        Add-Fe2Fault @{ kind = 'throttle'; rate = 0.5 }
        (Get-Fe2Instance base).Name | Should -Be 'base'
        Clear-Fe2Fault
        Add-Fe2Fault @{ kind = 'capacity' }
        { New-Fe2Instance full -NoWait -ErrorAction Stop } | Should -Throw -ErrorId 'NoCapacity,*'
        Clear-Fe2Fault
    }
}
