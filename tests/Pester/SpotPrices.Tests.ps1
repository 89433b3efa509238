Describe 'Spot prices' {
    BeforeAll {
        . (Join-Path $PSScriptRoot 'Common.ps1')
        Initialize-Fe2Test
        $null = Start-Fe2Sandbox -Hosts None -Speed Fast
    }

    AfterAll { Clear-Fe2Test }

    Context 'Get-Fe2SpotPrice' {
        It 'takes a family as a whole word' {
            $prices = Get-Fe2SpotPrice m5
            $prices.InstanceType | Should -Contain 'm5.large'
            $prices.InstanceType | Should -Not -Contain 'm5a.large'
            (Get-Fe2SpotPrice m5*).InstanceType | Should -Contain 'm5a.large'
        }

        It 'gives one object for each type and zone, with numbers that can be sorted' {
            $prices = Get-Fe2SpotPrice m5.large
            $prices.Count | Should -Be 3
            $prices[0].PSObject.BaseObject.GetType().FullName | Should -Be 'Fe2Ps.Core.Prices.SpotPriceSummary'
            ($prices | Sort-Object Now)[0].Now | Should -Be ($prices.Now | Measure-Object -Minimum).Minimum
            foreach ($price in $prices) {
                $price.Mean | Should -BeGreaterOrEqual $price.Lowest
                $price.Mean | Should -BeLessOrEqual $price.Highest
                $price.Saving | Should -BeGreaterThan 0
                $price.History().Count | Should -BeGreaterThan 1
            }
        }

        It 'gives days in UTC' {
            $days = Get-Fe2SpotPrice m5.large -Zone a -Days 2 -Daily
            $days.Count | Should -BeIn 2, 3
            $days[0].Day.Kind | Should -Be 'Utc'
            ($days.Hours | Measure-Object -Sum).Sum | Should -BeGreaterThan 47.9
            ($days | Out-String) | Should -Match '\d{4}-\d\d-\d\d +m5.large +us-east-2a +\$0\.\d{4}'
        }

        It 'takes types from the pipeline, also by property name' {
            ('m5.large', 'c5.large' | Get-Fe2SpotPrice -Zone b).InstanceType | Should -Be 'c5.large', 'm5.large'
            ([pscustomobject]@{ InstanceType = 't3.micro' } | Get-Fe2SpotPrice -Zone b).InstanceType | Should -Be 't3.micro'
        }

        It 'takes instances, each type once, and goes on after one that does not exist' {
            Add-Fe2Seed 8 machine
            $types = Get-Fe2Instance | ForEach-Object { $_.InstanceType.Value } | Sort-Object -Unique
            Clear-Fe2Call
            $prices = Get-Fe2Instance | Get-Fe2SpotPrice -Zone a
            $prices.InstanceType | Sort-Object | Should -Be $types
            @(Get-Fe2Call DescribeSpotPriceHistory).Count | Should -Be 1
            $known = 'm5.large', 'q9.huge', 'm5.large' | Get-Fe2SpotPrice -Zone a -ErrorAction SilentlyContinue -ErrorVariable failure
            $known.InstanceType | Should -Be 'm5.large'
            $failure[0].FullyQualifiedErrorId | Should -BeLike 'InstanceTypeNotFound,*'
            Get-Fe2Instance | Show-Fe2SpotPrice -Zone a -Plain -Width 80 | Out-String | Should -Match $types[0]
        }

        It 'says nothing of a system that has no spot price here but a warning' {
            Get-Fe2SpotPrice m5.large -OperatingSystem Windows -WarningVariable warning -WarningAction SilentlyContinue | Should -BeNullOrEmpty
            $warning | Should -Match 'm5.large'
        }

        It 'is small as JSON' {
            $json = Get-Fe2SpotPrice m5.large -Days 90 | ConvertTo-Json -WarningVariable warning
            $warning | Should -BeNullOrEmpty
            $json.Length | Should -BeLessThan 2000
            ($json | ConvertFrom-Json)[0].OnDemand | Should -Be 0.096
        }

        It 'is a table with the place above it' {
            $table = Get-Fe2SpotPrice m5.large | Out-String -Width 100
            $table | Should -Match 'us-east-2 \(SANDBOX'
            $table | Should -Match 'm5.large +us-east-2a +(\$0\.\d{4} +){5}\d+ %'
        }

        It 'refuses <Line> with <Id>' -ForEach @(
            @{ Line = 'Get-Fe2SpotPrice m55'; Id = 'InstanceTypeNotFound' }
            @{ Line = 'Get-Fe2SpotPrice m5 -Zone us-east-2z'; Id = 'ZoneNotFound' }
            @{ Line = 'Get-Fe2SpotPrice "m5;"'; Id = 'InstanceTypePatternInvalid' }
            @{ Line = 'Get-Fe2SpotPrice m5 -Days 91'; Id = 'ParameterArgumentValidationError' }
        ) {
            { & ([scriptblock]::Create("$Line -ErrorAction Stop")) } | Should -Throw -ErrorId "$Id,*"
            { & ([scriptblock]::Create('Get-Fe2SpotPrice m55 -ErrorAction SilentlyContinue')) } | Should -Not -Throw
        }

        It 'completes families, types and zones' {
            Wait-Until { (TabExpansion2 'Get-Fe2SpotPrice m5').CompletionMatches.Count -gt 2 }
            $types = (TabExpansion2 'Get-Fe2SpotPrice m5').CompletionMatches.CompletionText
            $types[0] | Should -Be 'm5'
            $types | Should -Contain 'm5.large'
            Wait-Until { (TabExpansion2 'Get-Fe2SpotPrice m5 -Zone ').CompletionMatches.Count -eq 3 }
            (TabExpansion2 'Get-Fe2SpotPrice m5 -Zone us-east-2b').CompletionMatches.CompletionText | Should -Be 'us-east-2b'
        }
    }

    Context 'Show-Fe2SpotPrice' {
        It 'draws lines of text that fit, with axes and a legend' {
            $chart = Show-Fe2SpotPrice m5.large -Width 100 -Height 8
            $chart.Count | Should -Be 11
            $chart | ForEach-Object { $_ | Should -BeOfType string }
            ($chart | Measure-Object -Property Length -Maximum).Maximum | Should -BeLessOrEqual 100
            $chart[0] | Should -Match '^m5.large   on demand \$0.0960 an hour'
            ($chart -join "`n") | Should -Match 'us-east-2a +\$\d\.\d+ now'
        }

        It 'draws what was read before, one chart for each type' {
            Clear-Fe2Call
            $prices = Get-Fe2SpotPrice m5.large, c5.large -Zone a
            $asked = @(Get-Fe2Call DescribeSpotPriceHistory).Count
            $chart = $prices | Show-Fe2SpotPrice -Plain
            @(Get-Fe2Call DescribeSpotPriceHistory).Count | Should -Be $asked
            ($chart -match '^[mc]5\.large').Count | Should -Be 2
        }

        It 'is plain where it goes on into a pipe or a variable of a process without a terminal' {
            (Show-Fe2SpotPrice m5.large | Out-String) | Should -Not -Match "`e"
            (Show-Fe2SpotPrice m5.large -Plain) -join '' | Should -Match '^[ -~]+$'
        }

        It 'is ASCII where the output is not UTF-8' {
            $before = [Console]::OutputEncoding
            try {
                [Console]::OutputEncoding = [System.Text.Encoding]::ASCII
                (Show-Fe2SpotPrice m5.large) -join '' | Should -Match '^[ -~]+$'
            }
            finally { [Console]::OutputEncoding = $before }
        }

        It 'writes one page that holds everything' {
            $file = Get-Fe2SpotPrice m5.large | Show-Fe2SpotPrice -Html (Join-Path $TestDrive 'spot.html')
            $file | Should -BeOfType System.IO.FileInfo
            $page = Get-Content -LiteralPath $file.FullName -Raw
            $page | Should -Match 'var uPlot=function'
            $page | Should -Match 'Copyright \(c\) 2022 Leon Sorokin'
            $page | Should -Not -Match '(src|href)="(?!data:)'
        }

        It 'says what is wrong with <Line>: <Id>' -ForEach @(
            @{ Line = 'Show-Fe2SpotPrice m55'; Id = 'InstanceTypeNotFound' }
            @{ Line = 'Show-Fe2SpotPrice m5.large -Html /no/such/folder/page.html'; Id = 'LocalFailure' }
            @{ Line = 'Show-Fe2SpotPrice m5.large -Width 10'; Id = 'ParameterArgumentValidationError' }
        ) {
            { & ([scriptblock]::Create("$Line -ErrorAction Stop")) } | Should -Throw -ErrorId "$Id,*"
        }
    }
}
