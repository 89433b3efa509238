# What the tests share. Dot-source it in BeforeAll.

# Nothing of the user who runs the tests may reach them, and nothing of them may stay.
function Initialize-Fe2Test {
    # Not Pester's TestDrive: that one is emptied after each block, and keys must outlive it.
    $script:Fe2TestFolder = New-Item -ItemType Directory -Path (Join-Path ([System.IO.Path]::GetTempPath()) "fe2ps-test-$([guid]::NewGuid().ToString('n'))")
    $Folder = $script:Fe2TestFolder.FullName
    foreach ($variable in 'AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN', 'AWS_PROFILE', 'AWS_REGION', 'AWS_DEFAULT_REGION', 'AWS_ENDPOINT_URL') {
        Remove-Item -Path "Env:$variable" -ErrorAction Ignore
    }

    $env:AWS_EC2_METADATA_DISABLED = 'true'
    $env:AWS_SHARED_CREDENTIALS_FILE = Join-Path $Folder 'no-credentials'
    $env:AWS_CONFIG_FILE = Join-Path $Folder 'no-config'
    $env:FE2_HOME = Join-Path $Folder 'fe2'
    Import-Module (Join-Path $env:FE2_MODULE 'Fe2Ps.psd1') -Force
}

# Ends what the tests have started and removes what they have written.
function Clear-Fe2Test {
    Get-Fe2Sandbox | Stop-Fe2Sandbox
    Remove-Item -LiteralPath $script:Fe2TestFolder -Recurse -Force -ErrorAction Ignore
}

# The sandbox's own list of the API calls since the last Clear-Fe2Call.
function Get-Fe2Call {
    param([string] $Operation = '*')
    Invoke-RestMethod -Uri "$((Get-Fe2Sandbox -Current).EndpointUrl)/_sandbox/calls" | ForEach-Object { $_ } | Where-Object operation -Like $Operation
}

function Clear-Fe2Call {
    $null = Invoke-RestMethod -Method Delete -Uri "$((Get-Fe2Sandbox -Current).EndpointUrl)/_sandbox/calls"
}

# Running instances without hosts behind them.
function Add-Fe2Seed {
    param([int] $Count, [string] $Prefix)
    $body = @{ instances = $Count; prefix = $Prefix } | ConvertTo-Json
    $null = Invoke-RestMethod -Method Post -Uri "$((Get-Fe2Sandbox -Current).EndpointUrl)/_sandbox/seed" -Body $body -ContentType 'application/json'
}

# A load balancer's target group, which no cmdlet makes.
function Add-Fe2TargetGroup {
    param([string[]] $Name)
    $body = @{ targetGroups = @($Name) } | ConvertTo-Json
    $null = Invoke-RestMethod -Method Post -Uri "$((Get-Fe2Sandbox -Current).EndpointUrl)/_sandbox/seed" -Body $body -ContentType 'application/json'
}

# File systems as records, also several of one name, which no cmdlet makes.
function Add-Fe2FileSystem {
    param([string[]] $Name)
    $body = @{ fileSystems = @($Name) } | ConvertTo-Json
    $null = Invoke-RestMethod -Method Post -Uri "$((Get-Fe2Sandbox -Current).EndpointUrl)/_sandbox/seed" -Body $body -ContentType 'application/json'
}

function Add-Fe2Fault {
    param([hashtable] $Fault)
    $null = Invoke-RestMethod -Method Post -Uri "$((Get-Fe2Sandbox -Current).EndpointUrl)/_sandbox/faults" -Body ($Fault | ConvertTo-Json) -ContentType 'application/json'
}

function Clear-Fe2Fault {
    $null = Invoke-RestMethod -Method Delete -Uri "$((Get-Fe2Sandbox -Current).EndpointUrl)/_sandbox/faults"
}

# The one way to wait in these tests: until a condition holds, or fail.
function Wait-Until {
    param([scriptblock] $Condition, [int] $Seconds = 20, [string] $What = "$Condition")
    $deadline = [datetime]::UtcNow.AddSeconds($Seconds)
    while (-not (& $Condition)) {
        if ([datetime]::UtcNow -gt $deadline) { throw "not within $Seconds s: $What" }
        $null = [System.Threading.Tasks.Task]::Delay(50).Wait(1000)
    }
}

# What Tab offers after this text.
function Get-Completion {
    param([string] $Text)
    (TabExpansion2 -inputScript $Text -cursorColumn $Text.Length).CompletionMatches.CompletionText
}
