Describe 'Prices' {
    BeforeAll {
        . (Join-Path $PSScriptRoot 'Common.ps1')
        Initialize-Fe2Test
        $null = Start-Fe2Sandbox -Hosts None -Speed Fast
    }

    AfterAll { Clear-Fe2Test }

    Context 'Get-Fe2Price' {
        It 'takes a family as a whole word, and shows how old its prices are' {
            $prices = Get-Fe2Price m5
            $prices.InstanceType | Should -HaveCount 8
            $prices.InstanceType | Should -Not -Contain 'm5a.large'
            $prices[0].PSObject.TypeNames[0] | Should -Be 'Fe2Ps.Price'
            $prices[0].UsdPerHour | Should -Be 0.096
            $prices[0].UsdPerMonth | Should -Be 70.08
            $prices[0].Age | Should -Match '^\d+s$'
            $text = $prices | Out-String -Width 120
            $text | Should -Match 'SANDBOX.*Linux on demand, prices \d+s old'
            $text | Should -Match 'm5\.large +2 +8 GiB +Up to 10 Gigabit +\$0\.0960 +\$70\.08'
        }

        It 'asks nobody twice, and everybody with -Refresh' {
            $null = Get-Fe2Price m5
            Clear-Fe2Call
            $null = Get-Fe2Price m5.large
            Get-Fe2Call | Should -BeNullOrEmpty
            $null = Get-Fe2Price m5 -Refresh
            @(Get-Fe2Call GetProducts).Count | Should -Be 1
        }

        It 'takes several patterns, wildcards, systems and friendly regions' {
            (Get-Fe2Price m5.large, 'c5*.large').InstanceType | Should -Be 'c5.large', 'c5d.large', 'm5.large'
            (Get-Fe2Price m5.large -OperatingSystem Windows -Region Seoul).Region | Should -Be 'ap-northeast-2'
            (Get-Fe2Price m5.large -Region *).Region | Sort-Object -Unique | Should -HaveCount 8
        }

        It 'takes types and instances from the pipeline' {
            $null = New-Fe2Instance priced -NoWait
            (Get-Fe2Instance priced | Get-Fe2Price).InstanceType | Should -Be 't3.micro'
            ('m5.large', 'c5.large' | Get-Fe2Price).InstanceType | Should -Be 'c5.large', 'm5.large'
        }

        It 'says which names are near an unknown one, and goes on' {
            $failure = $null
            $prices = Get-Fe2Price m55, t3.micro -ErrorAction SilentlyContinue -ErrorVariable failure
            $prices.InstanceType | Should -Be 't3.micro'
            $failure[0].FullyQualifiedErrorId | Should -Be 'InstanceTypeNotFound,Fe2Ps.Commands.GetFe2PriceCommand'
            $failure[0].ErrorDetails.RecommendedAction | Should -Match 'm5'
            { Get-Fe2Price m55 -ErrorAction Stop } | Should -Throw -ExpectedMessage '*m55*'
            Get-Fe2Price 'nothing*' | Should -BeNullOrEmpty
        }

        It 'becomes small JSON' {
            $json = Get-Fe2Price m5.large | ConvertTo-Json -Depth 4
            $json.Length | Should -BeLessThan 500
            $json | Should -Match '"UsdPerHour": 0\.096,'
        }

        It 'completes types' {
            Wait-Until { (Get-Completion 'Get-Fe2Price m5.la') -contains 'm5.large' }
        }
    }

    Context 'Find-Fe2InstanceType' {
        It 'lists what fits, the cheapest first' {
            $found = Find-Fe2InstanceType -Cpu 8 -Memory 32 -First 5
            $found | Should -HaveCount 5
            $found[0].InstanceType | Should -Be 't4g.2xlarge'
            ($found | Out-String -Width 120) | Should -Match 't4g\.2xlarge +8 +32 GiB .*us-east-2abc +\$0\.2688'
        }

        It 'knows zone, saving, volatility and score of spot' {
            $found = Find-Fe2InstanceType -Gpu 1 -Spot -Region * -First 4
            $found | Should -HaveCount 4
            foreach ($offer in $found) {
                $offer.Zone | Should -BeLike "$($offer.Region)?"
                $offer.SavingPercent | Should -BeGreaterThan 10
                $offer.VolatilityPercent | Should -BeGreaterThan 0
            }

            ($found | Out-String -Width 120) | Should -Match 'Varies'
            ($found | Format-List | Out-String) | Should -Match 'PlacementScore'
        }

        It 'says that nothing fits' {
            Find-Fe2InstanceType -Cpu 4096 -WarningAction SilentlyContinue -WarningVariable warning | Should -BeNullOrEmpty
            $warning | Should -Match 'Nothing fits'
        }
    }

    Context 'without AWS' {
        It 'two processes at once both answer, and leave a good file' {
            $script = "Import-Module '$env:FE2_MODULE/Fe2Ps.psd1'; (Get-Fe2Price c5 -EndpointUrl $((Get-Fe2Sandbox -Current).EndpointUrl) -Refresh).Count"
            $answers = 1..2 | ForEach-Object -Parallel { pwsh -NoProfile -NonInteractive -Command $using:script } -ThrottleLimit 2
            $answers | Should -Be '6', '6'
            foreach ($file in Get-ChildItem (Join-Path $env:FE2_HOME 'cache')) {
                { Get-Content -Raw $file.FullName | ConvertFrom-Json } | Should -Not -Throw
                $file.Name | Should -Not -BeLike '*.new'
            }
        }

        It 'uses what is kept, with a warning that gives its age' {
            $null = Get-Fe2Price r5
            $null = Get-Fe2Price m5
            $endpoint = (Get-Fe2Sandbox -Current).EndpointUrl
            Stop-Fe2Sandbox
            $prices = Get-Fe2Price m5 -EndpointUrl $endpoint -Region us-east-2 -Refresh -WarningAction SilentlyContinue -WarningVariable warning
            $prices | Should -HaveCount 8
            $warning | Should -Match 'cannot be reached.*old'
            $failure = $null
            $null = Get-Fe2Price p3 -OperatingSystem SUSE -EndpointUrl $endpoint -Region us-east-2 -ErrorAction SilentlyContinue -ErrorVariable failure
            $failure[0].FullyQualifiedErrorId | Should -Be 'NoConnection,Fe2Ps.Commands.GetFe2PriceCommand'
        }
    }
}
