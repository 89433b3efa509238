BeforeDiscovery {
    Import-Module (Join-Path $env:FE2_MODULE 'Fe2Ps.psd1')
    $completed = foreach ($command in Get-Command -Module Fe2Ps -CommandType Cmdlet) {
        foreach ($parameter in $command.Parameters.Values | Where-Object { $_.Attributes.Where({ $_ -is [ArgumentCompleter] }) }) {
            @{ Command = $command.Name; Parameter = $parameter.Name }
        }
    }
}

Describe 'Tab' {
    BeforeAll {
        . (Join-Path $PSScriptRoot 'Common.ps1')
        . (Join-Path $PSScriptRoot 'World.ps1')
        Initialize-Fe2Test
    }

    AfterAll { Clear-Fe2Test }

    Context 'in a region' {
        BeforeAll { New-Fe2Record }

        AfterAll { Get-Fe2Sandbox | Stop-Fe2Sandbox }

        It 'offers <Offer> for <Text>' -ForEach @(
            @{ Text = 'Stop-Fe2Instance od'; Offer = 'od1' }
            @{ Text = 'Get-Fe2Instance -Name spo'; Offer = 'spot2' }
            @{ Text = 'Enter-Fe2Instance ol'; Offer = 'old1' }
            @{ Text = 'Invoke-Fe2Command od'; Offer = 'od1' }
            @{ Text = 'Send-Fe2Command od'; Offer = 'od1' }
            @{ Text = 'Start-Fe2Tunnel od'; Offer = 'od1' }
            @{ Text = 'Get-Fe2SshConfig od'; Offer = 'od1' }
            @{ Text = 'Invoke-Fe2Script ./x.sh -Monitor od'; Offer = 'od1' }
            @{ Text = 'Copy-Fe2Item od'; Offer = 'od1:' }
            @{ Text = 'New-Fe2Instance x -InstanceType m5.l'; Offer = 'm5.large' }
            @{ Text = 'Set-Fe2InstanceType od1 m5.xl'; Offer = 'm5.xlarge' }
            @{ Text = 'Get-Fe2Price m'; Offer = 'm5' }
            @{ Text = 'New-Fe2Instance x -Zone us-east-2'; Offer = 'us-east-2b' }
            @{ Text = 'New-Fe2Volume x 1 -Zone us-east-2'; Offer = 'us-east-2b' }
            @{ Text = 'Get-Fe2SpotPrice m5 -Zone us-east-2'; Offer = 'us-east-2b' }
            @{ Text = 'New-Fe2Instance x ba'; Offer = 'base' }
            @{ Text = 'Remove-Fe2Ami ba'; Offer = 'base' }
            @{ Text = 'Get-Fe2Ami x -Owner cano'; Offer = 'canonical' }
            @{ Text = 'New-Fe2Instance x -KeyName def'; Offer = 'default' }
            @{ Text = 'Remove-Fe2Snapshot sna'; Offer = 'snap1' }
            @{ Text = 'New-Fe2Volume x -Snapshot sna'; Offer = 'snap1' }
            @{ Text = 'Mount-Fe2Volume da'; Offer = 'data' }
            @{ Text = 'New-Fe2Snapshot da'; Offer = 'data' }
            @{ Text = 'Get-Fe2Cost -GroupBy Ki'; Offer = 'Kind' }
            @{ Text = 'Get-Fe2Instance -Region Oh'; Offer = 'us-east-2' }
        ) {
            # A first answer may come too late for the prompt; it is kept for the next one.
            Wait-Until { (Get-Completion $Text) -contains $Offer } -Seconds 60 -What "$Offer for '$Text'"
        }
    }

    Context 'where nothing answers' {
        It '-<Parameter> of <Command> is no error' -ForEach $completed {
            foreach ($place in '', ' -Region us-east-2', ' -Region us-east-2 -EndpointUrl http://127.0.0.1:1') {
                if ($place -and -not (Get-Command $Command).Parameters.ContainsKey('EndpointUrl')) { continue }
                if ($place -and $Parameter -in 'Region', 'EndpointUrl') { continue }
                $Error.Clear()
                { Get-Completion "$Command$place -$Parameter zz" } | Should -Not -Throw
                $Error.Count | Should -Be 0 -Because "$Command$place -$Parameter : $($Error[0])"
            }
        }
    }
}
