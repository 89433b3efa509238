BeforeDiscovery {
    # Real logins need real hosts: Linux, root and runc.
    $skip = -not ($IsLinux -and (id -u) -eq '0' -and (Get-Command runc, mmdebstrap, ssh -ErrorAction Ignore).Count -eq 3)
}

Describe 'Copy-Fe2Item' -Skip:$skip {
    BeforeAll {
        . (Join-Path $PSScriptRoot 'Common.ps1')
        Initialize-Fe2Test
        $null = Start-Fe2Sandbox -Hosts Container -Speed Fast
        $null = New-Fe2Instance c -Count 2
        Set-Location (New-Item -ItemType Directory -Path (Join-Path $TestDrive "here 'and' 여기")).FullName
        $null = New-Item -ItemType Directory data
        foreach ($name in 'a.csv', 'b c.csv', "d'e `$x.txt", '한국어.txt', '-rf') { Set-Content -LiteralPath ./data/$name $name }
    }

    AfterAll {
        Set-Location /
        Clear-Fe2Test
    }

    It 'copies a folder there and back, and says what it did' {
        Copy-Fe2Item ./data c-1:data -Recurse | Should -BeNullOrEmpty
        $result = Copy-Fe2Item c-1:data ./back -Recurse -PassThru
        $result.PSObject.TypeNames[0] | Should -Be 'Fe2Ps.CopyResult'
        $result.Files | Should -Be 5
        $result.FilesSent | Should -Be 5
        $result.Checked | Should -BeTrue
        $result.Attempts | Should -Be 1
        (Get-ChildItem ./back -Force).Name | Sort-Object | Should -Be ((Get-ChildItem ./data).Name | Sort-Object)
        $result | Out-String | Should -Match 'c-1:data'
        $result | ConvertTo-Json | Should -Match '"Files": 5'
    }

    It 'copies to several machines, by wildcards on both sides, from the pipeline' {
        $results = Copy-Fe2Item ./data/*.csv c-*:in/ -PassThru
        $results.Count | Should -Be 2
        Invoke-Fe2Command c-2 'ls in' | Should -Be 'a.csv', 'b c.csv'
        Get-ChildItem ./data | Copy-Fe2Item -Destination c-1:piped, c-2:piped
        (Invoke-Fe2Command c-* 'ls -A piped').Count | Should -Be 10
        './data/a.csv' | Copy-Fe2Item -Destination c-2:one.csv
        Invoke-Fe2Command c-2 'cat one.csv' | Should -Be 'a.csv'
        Copy-Fe2Item c-*:in/*.csv ./all
        (Get-ChildItem ./all -Recurse -File).Count | Should -Be 4
        (Get-ChildItem ./all).Name | Sort-Object | Should -Be 'c-1', 'c-2'
    }

    It 'keeps the files of machines of one name apart' {
        $null = New-Fe2Group twin -Desired 2 -Max 2
        $ids = (Get-Fe2Instance twin).InstanceId
        $ids.Count | Should -Be 2
        foreach ($id in $ids) { $null = Invoke-Fe2Command $id "echo of $id > app.log" }
        Copy-Fe2Item 'twin*:app.log' ./logs
        (Get-ChildItem ./logs).Name | Sort-Object | Should -Be ($ids | ForEach-Object { "twin-$_" } | Sort-Object)
        foreach ($id in $ids) { Get-Content "./logs/twin-$id/app.log" | Should -Be "of $id" }
        Copy-Fe2Item ($ids | ForEach-Object { "${_}:app.log" }) c-1:logs
        (Invoke-Fe2Command c-1 'cat logs/*/app.log') | Sort-Object | Should -Be ($ids | ForEach-Object { "of $_" } | Sort-Object)
        Remove-Fe2Group twin -Confirm:$false
    }

    It 'copies from one machine to another' {
        Copy-Fe2Item c-1:data c-2:carried -Recurse
        (Invoke-Fe2Command c-2 'ls -A carried').Count | Should -Be 5
    }

    It 'takes a file with a colon for a file of this computer, and the drives of this session' {
        Set-Content -LiteralPath './c-1:x' colon
        Copy-Fe2Item './c-1:x' c-2:with-colon
        Invoke-Fe2Command c-2 'cat with-colon' | Should -Be 'colon'
        Set-Content TestDrive:\drive.txt drive
        Copy-Fe2Item TestDrive:\drive.txt c-2:
        Invoke-Fe2Command c-2 'cat drive.txt' | Should -Be 'drive'
    }

    It 'changes nothing with -WhatIf' {
        Copy-Fe2Item ./data c-1:never -Recurse -WhatIf
        Invoke-Fe2Command c-1 'ls -d never 2>/dev/null; true' | Should -BeNullOrEmpty
    }

    It 'says what is wrong: <What>' -ForEach @(
        @{ What = 'a folder without -Recurse'; Id = 'FolderNeedsRecurse'; From = './data'; To = 'c-1:x' }
        @{ What = 'no machine'; Id = 'NoMachineNamed'; From = './data'; To = './elsewhere' }
        @{ What = 'no such machine'; Id = 'InstanceNotFound'; From = './data/a.csv'; To = 'nosuch:x' }
        @{ What = 'no such file here'; Id = 'FileNotFound'; From = './nosuch'; To = 'c-1:x' }
        @{ What = 'no such file there'; Id = 'FileNotFound'; From = 'c-1:nosuch'; To = './x' }
        @{ What = 'not a file'; Id = 'NotAFile'; From = 'Microsoft.PowerShell.Core\Environment::PATH'; To = 'c-1:x' }
    ) {
        { Copy-Fe2Item $From $To -ErrorAction Stop } | Should -Throw -ErrorId "$Id,*"
        $failure = $null
        Copy-Fe2Item $From $To -ErrorAction SilentlyContinue -ErrorVariable failure
        $failure.Count | Should -BeGreaterOrEqual 1
    }

    It 'completes machines, files here, and paths there' {
        Wait-Until { (Get-Completion 'Copy-Fe2Item ./data c-') -contains 'c-1:' } -What 'machines'
        (Get-Completion 'Copy-Fe2Item ./da') | Should -Be './data'
        $null = Invoke-Fe2Command c-1 'mkdir -p "tab/sub dir"; touch tab/.hidden tab/file.txt'
        Wait-Until { (Get-Completion 'Copy-Fe2Item c-1:ta') -contains 'c-1:tab/' } -What 'a folder there'
        Wait-Until { (Get-Completion 'Copy-Fe2Item c-1:tab/') -contains '''c-1:tab/sub dir/''' } -What 'what is in it'
        Get-Completion 'Copy-Fe2Item c-1:tab/' | Should -Not -Contain 'c-1:tab/.hidden'
        Get-Completion 'Copy-Fe2Item c-1:tab/.h' | Should -Be 'c-1:tab/.hidden'
        $error.Clear()
        (Measure-Command { $null = Get-Completion 'Copy-Fe2Item c-1:tab/f' }).TotalMilliseconds | Should -BeLessThan 3000
        $null = Get-Completion 'Copy-Fe2Item nosuch:x'
        $null = Get-Completion 'Copy-Fe2Item nosuch:x -EndpointUrl http://192.0.2.1'
        $error.Count | Should -Be 0
    }
}
