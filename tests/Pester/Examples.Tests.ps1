BeforeDiscovery {
    # Examples that log in and run scripts need real hosts: Linux, root and runc.
    $skip = -not ($IsLinux -and (id -u) -eq '0' -and (Get-Command runc, mmdebstrap, ssh, script -ErrorAction Ignore).Count -eq 4)
    Import-Module (Join-Path $env:FE2_MODULE 'Fe2Ps.psd1')
    $examples = foreach ($command in (Get-Command -Module Fe2Ps -CommandType Cmdlet).Name) {
        foreach ($example in (Get-Help $command).examples.example) {
            @{ Title = "${command}: $($example.title.Trim('- '))"; Code = $example.code.Trim(); Command = $command }
        }
    }
}

# Every example of the help, typed as it stands, in the small world that the help speaks of.
Describe 'The examples of the help' -Skip:$skip {
    BeforeAll {
        . (Join-Path $PSScriptRoot 'Common.ps1')
        . (Join-Path $PSScriptRoot 'World.ps1')
        Initialize-Fe2Test
        New-Fe2World
    }

    AfterAll {
        Remove-Fe2World
        Clear-Fe2Test
    }

    It '<Title>' -ForEach $examples {
        $ErrorActionPreference = 'Stop'
        Set-Fe2World $Code $Command
        if ($Command -like '*-Fe2Sandbox' -or $Code -match 'Enter-Fe2Instance') {
            # A sandbox of its own, and for logins a terminal and somebody who leaves again.
            $text = Invoke-Fe2Shell $Code $Command
            $LASTEXITCODE | Should -Be 0 -Because $text
        }
        else {
            & ([scriptblock]::Create($Code)) | Out-String -Width 200 | Write-Debug
        }
    }
}
