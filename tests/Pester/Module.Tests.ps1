Describe 'The module' {
    BeforeAll {
        . (Join-Path $PSScriptRoot 'Common.ps1')
        Initialize-Fe2Test
        $manifest = Join-Path $env:FE2_MODULE 'Fe2Ps.psd1'
    }

    AfterAll { Clear-Fe2Test }

    It 'has a valid manifest' {
        (Test-ModuleManifest $manifest).Version | Should -Not -BeNullOrEmpty
    }

    It 'exports exactly what its manifest says' {
        $said = Import-PowerShellDataFile $manifest
        (Get-Command -Module Fe2Ps -CommandType Cmdlet).Name | Sort-Object | Should -Be ($said.CmdletsToExport | Sort-Object)
        (Get-Command -Module Fe2Ps -CommandType Alias).Name | Sort-Object | Should -Be ($said.AliasesToExport | Sort-Object)
        foreach ($list in $said.CmdletsToExport, $said.AliasesToExport, $said.FunctionsToExport, $said.VariablesToExport) { $list | Should -Not -Contain '*' }
        (Get-Alias Connect-Fe2Instance).ResolvedCommandName | Should -Be 'Enter-Fe2Instance'
        (Get-Alias Save-Fe2Instance).ResolvedCommandName | Should -Be 'New-Fe2Ami'
        (Get-Alias Detach-Fe2Volume).ResolvedCommandName | Should -Be 'Dismount-Fe2Volume'
    }

    It 'can be imported again and again' {
        Import-Module $manifest -Force
        Import-Module $manifest -Force
        (Get-Command -Module Fe2Ps -CommandType Cmdlet).Count | Should -Be (Import-PowerShellDataFile $manifest).CmdletsToExport.Count
        (Get-Fe2Region Ohio).Code | Should -Be 'us-east-2'
        Remove-Module Fe2Ps
        Get-Command Get-Fe2Region -ErrorAction Ignore | Should -BeNullOrEmpty
        Import-Module $manifest
        (Get-Fe2Region Ohio).Code | Should -Be 'us-east-2'
        Get-Alias Connect-Fe2Instance | Should -Not -BeNullOrEmpty
    }

    It 'says in one sentence that another copy needs a new session' {
        $copy = Join-Path $TestDrive 'copy'
        Copy-Item $env:FE2_MODULE $copy -Recurse
        $other = Join-Path $copy 'Fe2Ps.psd1'
        $try = "try { Import-Module '$other' -Force } catch { `"`$_`" }"
        $text = & (Get-Process -Id $PID).Path -NoProfile -Command "Import-Module '$manifest'; $try; (Get-Fe2Region Ohio).Code; Remove-Module Fe2Ps; $try; Import-Module '$manifest'; (Get-Fe2Region Ohio).Code"
        $sentence = "This PowerShell process has used Fe2Ps from '$env:FE2_MODULE' and cannot change to '$copy': start a new session (pwsh) and import it there."
        $text | Should -Be $sentence, 'us-east-2', $sentence, 'us-east-2'
        & (Get-Process -Id $PID).Path -NoProfile -Command "Import-Module '$other'; (Get-Fe2Region Ohio).Code" | Should -Be 'us-east-2'
    }

    It 'can be imported by a second session of the process' {
        $answer = Start-ThreadJob { Import-Module $using:manifest; (Get-Fe2Region Seoul).Code } | Receive-Job -Wait -AutoRemoveJob
        $answer | Should -Be 'ap-northeast-2'
    }

    It 'reads nothing and connects nowhere at import' {
        $pwsh = (Get-Process -Id $PID).Path
        $text = & $pwsh -NoProfile -Command "Import-Module '$manifest'; [AppDomain]::CurrentDomain.GetAssemblies().ForEach({ `$_.GetName().Name }) -match '^(AWSSDK|Fe2Ps)'"
        $text | Should -Contain 'Fe2Ps'
        $text | Should -Not -Contain 'AWSSDK.Core'
    }

    It 'imports no other module, which would take longer than itself' {
        & (Get-Process -Id $PID).Path -NoProfile -Command "Import-Module '$manifest'; (Get-Module).Name" | Should -Be 'Fe2Ps'
    }

    Context 'compiled ahead of time' {
        BeforeDiscovery {
            $compiled = Get-ChildItem (Join-Path $env:FE2_MODULE 'bin') -Directory -Filter 'net*-*' | ForEach-Object { @{ Folder = $_.FullName; Name = $_.Name } }
        }

        BeforeAll {
            $pwsh = (Get-Process -Id $PID).Path
            $where = '[AppDomain]::CurrentDomain.GetAssemblies().Where({ $_.GetName().Name -eq ''Fe2Ps'' }).Location'
            $ours = "net$([Environment]::Version.Major).0-$($IsWindows ? 'win' : $IsMacOS ? 'osx' : 'linux')-$([System.Runtime.InteropServices.RuntimeInformation]::ProcessArchitecture)".ToLowerInvariant()

            # The identity of the code in a file, and whether it carries machine code.
            function Get-Build([string] $Path) {
                $stream = [IO.File]::OpenRead($Path)
                $reader = [System.Reflection.PortableExecutable.PEReader]::new($stream)
                try {
                    $metadata = [System.Reflection.Metadata.PEReaderExtensions]::GetMetadataReader($reader)
                    [pscustomobject]@{
                        Mvid       = $metadata.GetGuid($metadata.GetModuleDefinition().Mvid)
                        IsCompiled = $reader.PEHeaders.CorHeader.ManagedNativeHeaderDirectory.Size -gt 0
                    }
                }
                finally { $reader.Dispose() }
            }
        }

        It 'the neutral assemblies carry no machine code' {
            foreach ($file in Get-ChildItem (Join-Path $env:FE2_MODULE 'bin' 'net8.0') -Filter *.dll) {
                (Get-Build $file.FullName).IsCompiled | Should -BeFalse -Because $file.Name
            }
        }

        It '<Name> is the same code as the neutral assemblies' -ForEach $compiled {
            $neutral = Get-ChildItem (Join-Path $env:FE2_MODULE 'bin' 'net8.0') -Filter *.dll
            (Get-ChildItem $Folder).Name | Should -Be $neutral.Name
            foreach ($file in $neutral) {
                $build = Get-Build (Join-Path $Folder $file.Name)
                $build.IsCompiled | Should -BeTrue -Because $file.Name
                $build.Mvid | Should -Be (Get-Build $file.FullName).Mvid -Because $file.Name
            }
        }

        It 'is taken where it fits, and the neutral code elsewhere' {
            $copy = Join-Path $TestDrive 'neutral'
            Copy-Item $env:FE2_MODULE $copy -Recurse
            $fits = Test-Path (Join-Path $env:FE2_MODULE 'bin' $ours)
            Split-Path -Leaf (Split-Path (& $pwsh -NoProfile -Command "Import-Module '$manifest'; $where")) | Should -Be ($fits ? $ours : 'net8.0')
            Get-ChildItem (Join-Path $copy 'bin') -Directory -Filter 'net*-*' | Remove-Item -Recurse
            Split-Path -Leaf (Split-Path (& $pwsh -NoProfile -Command "Import-Module '$(Join-Path $copy 'Fe2Ps.psd1')'; `$null = Get-Fe2Region Ohio; $where")) | Should -Be 'net8.0'
        }
    }

    Context 'compiled ahead of time, in use' {
        It 'leaves no method of a cmdlet to be compiled' {
            $ours = Get-ChildItem (Join-Path $env:FE2_MODULE 'bin') -Directory -Filter "net$([Environment]::Version.Major).0-*"
            if (!$ours) { Set-ItResult -Skipped -Because 'nothing is compiled ahead of time in this package'; return }
            $log = Join-Path $TestDrive 'compiled.txt'
            $env:DOTNET_JitStdOutFile = $log
            $env:DOTNET_JitDisasmSummary = '1'
            try { & (Get-Process -Id $PID).Path -NoProfile -Command "Import-Module '$manifest'; (Get-Fe2Region Ohio).Code" | Should -Be 'us-east-2' }
            finally { $env:DOTNET_JitStdOutFile = $env:DOTNET_JitDisasmSummary = $null }
            $lines = Get-Content $log
            $lines | Should -Not -BeNullOrEmpty
            $lines -match 'compiled Fe2Ps\.(Commands|Pipeline|Core)\.' -notmatch '\[System' | Should -BeNullOrEmpty
        }
    }

    Context 'beside another AWSSDK.Core' {
        BeforeAll {
            # Another module's copy: the same name, loaded into PowerShell's own context.
            $sdk = Join-Path $env:FE2_MODULE 'bin' 'net8.0' 'AWSSDK.Core.dll'
            $copy = New-Item -ItemType Directory (Join-Path $TestDrive 'other')
            Copy-Item $sdk $copy
            $other = Join-Path $copy 'AWSSDK.Core.dll'
            $pwsh = (Get-Process -Id $PID).Path
            $contexts = '[AppDomain]::CurrentDomain.GetAssemblies().Where({ $_.GetName().Name -eq ''AWSSDK.Core'' }).ForEach({ [System.Runtime.Loader.AssemblyLoadContext]::GetLoadContext($_).Name }) | Sort-Object'
            $use = "Import-Module '$manifest'; Get-Fe2Instance -Region Ohio -EndpointUrl http://127.0.0.1:1 -ErrorAction SilentlyContinue -ErrorVariable e; `$e[0].FullyQualifiedErrorId"
        }

        It 'that was loaded before' {
            $text = & $pwsh -NoProfile -Command "`$null = [Reflection.Assembly]::LoadFrom('$other'); $use; $contexts"
            $text[0] | Should -BeLike '*,Fe2Ps.Commands.GetFe2InstanceCommand'
            $text[1..2] | Should -Be 'Default', 'Fe2Ps'
        }

        It 'that is loaded after' {
            $text = & $pwsh -NoProfile -Command "$use; `$null = [Reflection.Assembly]::LoadFrom('$other'); $contexts"
            $text[0] | Should -BeLike '*,Fe2Ps.Commands.GetFe2InstanceCommand'
            $text[1..2] | Should -Be 'Default', 'Fe2Ps'
        }
    }
}

Describe 'Help' {
    BeforeDiscovery {
        Import-Module (Join-Path $env:FE2_MODULE 'Fe2Ps.psd1')
        $commands = (Get-Command -Module Fe2Ps -CommandType Cmdlet).Name | ForEach-Object { @{ Command = $_ } }
        $topics = (Get-ChildItem (Join-Path $env:FE2_MODULE 'en-US') -Filter 'about_*.help.txt').Name.Replace('.help.txt', '') | ForEach-Object { @{ Topic = $_ } }
    }

    BeforeAll {
        . (Join-Path $PSScriptRoot 'Common.ps1')
        Initialize-Fe2Test
        $common = [System.Management.Automation.PSCmdlet]::CommonParameters + 'WhatIf', 'Confirm'
    }

    AfterAll { Clear-Fe2Test }

    It '<Command> says what it does and describes every parameter' -ForEach $commands {
        $help = Get-Help $Command -Full
        $help.Synopsis | Should -Not -BeNullOrEmpty
        $help.Synopsis | Should -Not -BeLike "*$Command *<*"
        $help.description.Text | Should -Not -BeNullOrEmpty
        foreach ($name in (Get-Command $Command).Parameters.Keys | Where-Object { $_ -notin $common }) {
            ($help.parameters.parameter | Where-Object name -EQ $name).description.Text | Should -Not -BeNullOrEmpty -Because "-$name"
        }
    }

    It '<Command> has examples that parse and name real parameters' -ForEach $commands {
        $examples = @((Get-Help $Command -Examples).examples.example)
        $examples.Count | Should -BeGreaterOrEqual 2
        foreach ($example in $examples) {
            $errors = $null
            $ast = [System.Management.Automation.Language.Parser]::ParseInput($example.code, [ref] $null, [ref] $errors)
            $errors | Should -BeNullOrEmpty -Because $example.code
            $calls = $ast.FindAll({ $args[0] -is [System.Management.Automation.Language.CommandAst] }, $true)
            foreach ($call in $calls) {
                $found = Get-Command $call.GetCommandName() -ErrorAction Ignore
                $found | Should -Not -BeNullOrEmpty -Because $call.Extent.Text
                foreach ($parameter in $call.CommandElements | Where-Object { $_ -is [System.Management.Automation.Language.CommandParameterAst] }) {
                    { $found.ResolveParameter($parameter.ParameterName) } | Should -Not -Throw -Because $call.Extent.Text
                }
            }
        }

        $examples.code -join "`n" | Should -Match $Command
    }

    It '<Topic> can be read' -ForEach $topics {
        (Get-Help $Topic | Out-String).Length | Should -BeGreaterThan 400
    }
}

Describe 'PSScriptAnalyzer' -Skip:(-not (Get-Module -ListAvailable PSScriptAnalyzer)) {
    It 'finds nothing in <_>' -ForEach 'Fe2Ps.psd1', 'Fe2Ps.psm1' {
        Invoke-ScriptAnalyzer -Path (Join-Path $env:FE2_MODULE $_) -Severity Warning, Error | Should -BeNullOrEmpty
    }

    It 'finds nothing in the scripts of the repository' {
        # It does not know that Pester's blocks share their variables, that UTF-8 needs no mark, that helpers of tests ask
        # nobody, and that some tests are about Write-Host, Invoke-Expression and runspaces themselves.
        $none = 'PSUseDeclaredVarsMoreThanAssignments', 'PSUseBOMForUnicodeEncodedFile', 'PSUseShouldProcessForStateChangingFunctions',
            'PSAvoidUsingWriteHost', 'PSAvoidUsingInvokeExpression', 'PSUseUsingScopeModifierInNewRunspaces'
        $files = (Get-ChildItem (Join-Path $PSScriptRoot '*.ps1')).FullName + (Join-Path $PSScriptRoot '..' '..' 'build.ps1')
        $files | ForEach-Object { Invoke-ScriptAnalyzer -Path $_ -Severity Warning, Error -ExcludeRule $none } |
            ForEach-Object { "$($_.ScriptName):$($_.Line) $($_.RuleName)" } | Should -BeNullOrEmpty
    }
}
