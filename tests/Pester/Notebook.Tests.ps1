BeforeDiscovery {
    # A Jupyter of this computer, which hosts that are processes see too.
    $skip = -not ($IsLinux -and (id -u) -eq '0' -and (Get-Command jupyter-notebook, tmux, sshd, ssh -ErrorAction Ignore).Count -eq 4)
}

Describe 'Open-Fe2Notebook' -Skip:$skip {
    BeforeAll {
        . (Join-Path $PSScriptRoot 'Common.ps1')
        Initialize-Fe2Test
        $null = Start-Fe2Sandbox -Hosts Process -Speed Fast
        $null = New-Fe2Instance n
        $record = Join-Path $TestDrive 'argument'
        $stub = Join-Path $TestDrive 'browser'
        Set-Content $stub "#!/bin/sh`necho `"`$@`" > $record.new; mv $record.new $record"
        chmod +x $stub
        $env:BROWSER = $stub
    }

    AfterAll {
        Remove-Item Env:BROWSER
        Get-Fe2Tunnel | Stop-Fe2Tunnel
        Invoke-Fe2Command n 'for s in $(tmux list-sessions -F "#{session_name}" | grep ^fe2-notebook); do tmux kill-session -t "=$s"; done' -ErrorAction Ignore
        Clear-Fe2Test
    }

    It 'starts nothing with -WhatIf' {
        Open-Fe2Notebook n -WhatIf | Should -BeNullOrEmpty
        Get-Fe2Tunnel | Should -BeNullOrEmpty
        Test-Path $record | Should -BeFalse
    }

    It 'starts Jupyter, brings it here, and opens the browser without telling its token' {
        $text = Open-Fe2Notebook n -Verbose -Debug 4>&1 5>&1
        $notebook = $text | Where-Object { $_.PSObject.TypeNames -contains 'Fe2Ps.Core.Notebooks.NotebookInfo' }
        $notebook.Name | Should -Be 'n'
        $notebook.Url | Should -Match "^http://localhost:$($notebook.LocalPort)/\?token=[0-9a-f]{48}$"
        (Invoke-WebRequest $notebook.Url).StatusCode | Should -Be 200
        $token = ($notebook.Url -split 'token=')[1]
        $text | Out-String -Width 500 | Should -Not -Match $token
        $notebook | Out-String -Width 500 | Should -Match "n\s+$($notebook.LocalPort)\s+$($notebook.RemotePort)\s+/"
        $notebook | Format-List | Out-String -Width 500 | Should -Not -Match $token
        "$notebook" | Should -Not -Match $token
        ps -ewwo args | Out-String -Width 10000 | Should -Not -Match $token
        Wait-Until { Test-Path $record } -What 'the browser was started'
        $page = ([uri](Get-Content $record)).LocalPath
        Get-Content -Raw $page | Should -Match $token
        (Get-Item $page).UnixMode | Should -Be '-rw-------'
    }

    It 'joins the one that runs, by its tunnel, from the pipeline' {
        $first = Open-Fe2Notebook n -NoBrowser
        $again = Get-Fe2Instance n | Open-Fe2Notebook -NoBrowser
        $again.Url | Should -Be $first.Url
        @(Get-Fe2Tunnel n).Count | Should -Be 1
        (Open-Fe2Notebook n -NoBrowser -Port 18899).LocalPort | Should -Be 18899
        @(Get-Fe2Tunnel n).Count | Should -Be 2
        @(Invoke-Fe2Command n 'tmux list-sessions -F "#{session_name}"' | Where-Object { $_ -like 'fe2-notebook*' }).Count | Should -Be 1
    }

    It 'says what is wrong' {
        { Open-Fe2Notebook n -NoBrowser -Folder nosuch -ErrorAction Stop } | Should -Throw -ErrorId 'FileNotFound,*'
        { Open-Fe2Notebook nosuch -ErrorAction Stop } | Should -Throw -ErrorId 'InstanceNotFound,*'
        $env:BROWSER = '/no/such/browser'
        { Open-Fe2Notebook n -ErrorAction Stop } | Should -Throw -ErrorId 'BrowserMissing,*'
        $env:BROWSER = $stub
    }

    It 'leaves no page with the token behind when PowerShell ends' {
        $endpoint = (Get-Fe2Sandbox -Current).EndpointUrl
        $pages = Join-Path $env:FE2_HOME 'pages'
        Remove-Item $pages -Recurse -ErrorAction Ignore
        & (Get-Process -Id $PID).Path -NoProfile -Command "Import-Module '$env:FE2_MODULE/Fe2Ps.psd1'; `$null = Open-Fe2Notebook n -EndpointUrl $endpoint; (Get-ChildItem '$pages').Count" | Should -Be 1
        Get-ChildItem $pages | Should -BeNullOrEmpty
    }
}
