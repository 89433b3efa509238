# The world that the examples of the help speak of: machines od1, base, spot2, gpu1, job-1 and job-2, a stopped one, old1, a
# job on spot2 whose monitor is od1, the volumes data (mounted on od1) and spare (free), the snapshot snap1 of data, the image
# base, and a few files in the current folder. Each example gets the part that its text names, whatever the ones before it
# have made of it.

function New-Fe2World {
    $script:Fe2WorldHome = $env:HOME
    # Get-Fe2SshConfig -Install writes into the user's own folder.
    $env:HOME = (New-Item -ItemType Directory (Join-Path $script:Fe2TestFolder 'home')).FullName
    $null = Start-Fe2Sandbox -Hosts Container -Speed Fast
    $folder = New-Item -ItemType Directory (Join-Path $script:Fe2TestFolder 'work')
    Push-Location $folder
    $global:ConfirmPreference = 'None'
    $script = "#!/bin/sh`necho starting`necho result > `"`$FE2_DIR/result.txt`"`nsleep 2`necho done`n"
    foreach ($name in 'myscript.sh', 'train.sh', 'test.sh', 'run.sh') { Set-Content $name $script -NoNewline }
    Set-Content config.json '{}'
    Set-Content train.py 'print(1)'
    foreach ($name in 'lib', 'data', 'results') {
        $null = New-Item -ItemType Directory $name
        Set-Content (Join-Path $name 'one.txt') 'one'
    }
}

function Remove-Fe2World {
    $global:ConfirmPreference = 'High'
    Pop-Location
    if ($script:Fe2WorldHome) { $env:HOME = $script:Fe2WorldHome }
}

# Makes what an example's text names, where it is missing or in another state.
function Set-Fe2World([string] $Code, [string] $Command) {
    $names = @('od1', 'base', 'spot2', 'gpu1' | Where-Object { $Code -match "\b$_\b" })
    if ($Command -in 'Get-Fe2Ami', 'Wait-Fe2Ami', 'Remove-Fe2Ami') { $names = $names -ne 'base' }
    if ($Code -match '\bjob-\*') { $names += 'job-1', 'job-2' }
    $state = $Code -match '-State stopped \|' -or $Command -in 'Start-Fe2Instance', 'Set-Fe2InstanceType' ? 'stopped' : 'running'
    if ($Code -match 'New-Fe2Instance (\w+)' -and $Code -notmatch '-WhatIf') {
        $new = $Matches[1]
        $names = $names -ne $new
        Get-Fe2Instance $new, "$new-*" -ErrorAction Ignore | Remove-Fe2Instance
    }

    foreach ($name in $names) { Set-Fe2Machine $name $state }
    if ($Code -match '\bold1\b|-State stopped') { Set-Fe2Machine old1 stopped }
    if ($Code -match 'Start-Fe2Tunnel') { Get-Fe2Tunnel | Stop-Fe2Tunnel }
    if ($Code -match 'New-Fe2Ami od1 -NoReboot') { Get-Fe2Ami od1 -ErrorAction Ignore | Remove-Fe2Ami }
    if ($Command -match '-Fe2(Volume|Snapshot|Backup)$') { Set-Fe2Disk $Code }
    if ($Command -like '*-Fe2Backup') {
        Get-Fe2Backup | Unregister-Fe2Backup -WarningAction Ignore
        if ($Command -ne 'Register-Fe2Backup') { Set-Fe2Disk 'data'; $null = Register-Fe2Backup data }
    }

    if ($Command -eq 'Restore-Fe2Volume') { Get-Fe2Volume data-* | Remove-Fe2Restored }
    if ($Command -like '*-Fe2Ami' -and $Command -ne 'New-Fe2Ami' -or $Code -match 'New-Fe2(Instance|Group) \w+ base') { Set-Fe2BaseImage }
    if ($Command -like '*-Fe2Group') { Set-Fe2ServiceGroup $Code $Command }
    if ($Command -like '*-Fe2FileSystem') { Set-Fe2Share $Code $Command }
    if ($Command -eq 'Open-Fe2Notebook') { Add-Fe2Jupyter od1 }
    if ($Command -match '^(Receive|Get|Wait|Stop)-Fe2Script$') {
        # A job that was stopped keeps its name and its results, and the next one would be spot2-2.
        if (@(Get-Fe2Script spot2 -ErrorAction Ignore).IsStopped -contains $true) { Remove-Fe2Instance spot2, od1 }
        foreach ($name in 'spot2', 'od1', 'base') { Set-Fe2Machine $name running }
        $null = Get-Fe2Script spot2 -ErrorAction Ignore | Where-Object IsOver -EQ $false | Stop-Fe2Script -PassThru | Wait-Fe2Script -ErrorAction Ignore
        $null = Invoke-Fe2Script ./myscript.sh spot2 od1
    }
}

# A machine of the world has no Jupyter and no internet to get one from. This is as much of one as the examples need: it
# listens, and keeps the file about itself that Jupyter keeps. The real one is in Notebook.Tests.ps1.
function Add-Fe2Jupyter([string] $Name) {
    $program = @'
#!/usr/bin/python3
import http.server, json, os
os.umask(0o077)
server = http.server.ThreadingHTTPServer(('127.0.0.1', 8888), http.server.SimpleHTTPRequestHandler)
folder = os.path.expanduser('~/.local/share/jupyter/runtime')
os.makedirs(folder, exist_ok=True)
with open(f'{folder}/jpserver-{os.getpid()}.json', 'w') as file:
    json.dump({'port': 8888, 'token': os.environ['JUPYTER_TOKEN'], 'root_dir': os.getcwd(), 'base_url': '/'}, file)
server.serve_forever()
'@
    Set-Content jupyter-lab $program -NoNewline
    chmod +x jupyter-lab
    Copy-Fe2Item ./jupyter-lab "${Name}:.local/bin/"
    Remove-Item jupyter-lab
}

function Set-Fe2Machine([string] $Name, [string] $State) {
    $machine = Get-Fe2Instance $Name -ErrorAction Ignore
    if (-not $machine) {
        $machine = New-Fe2Instance $Name -Spot:($Name -eq 'spot2')
    }

    if ($State -eq 'running') {
        if ($machine.State -ne 'running') { $null = $machine | Wait-Fe2Instance -State stopped -ErrorAction Ignore; Start-Fe2Instance $Name }
        $null = Wait-Fe2Instance $Name -State ready
    }
    elseif ($machine.State -ne 'stopped') {
        $null = Stop-Fe2Instance $Name -PassThru | Wait-Fe2Instance -State stopped
    }
}

# The volumes and the snapshot that an example names.
function Set-Fe2Disk([string] $Code) {
    if ($Code -match '\b(data|dat\*|snap1)(?!\w)') {
        Set-Fe2Machine od1 running
        $data = Get-Fe2Volume data -ErrorAction Ignore
        if (-not $data) { $null = New-Fe2Volume data 20 od1 -MountPoint /mnt/fe2_disk }
        elseif ($data.MountPoint -ne '/mnt/fe2_disk') { $null = Mount-Fe2Volume data od1 -MountPoint /mnt/fe2_disk }
    }

    if ($Code -match '\bsnap1\b' -and -not (Get-Fe2Snapshot snap1 -ErrorAction Ignore)) { $null = New-Fe2Snapshot data snap1 -Wait }
    if ($Code -match '\bspare\b') {
        $spare = Get-Fe2Volume spare -ErrorAction Ignore
        if (-not $spare) { $null = New-Fe2Volume spare 20 }
        elseif ($spare.AttachedTo) { Dismount-Fe2Volume spare }
    }
}

# What an earlier example has restored.
function Remove-Fe2Restored {
    process {
        if ($_.AttachedTo) { $_ | Dismount-Fe2Volume -Force }
        $_ | Remove-Fe2Volume
    }
}

# The sandbox serves no NFS. As much of a tunnel and a mount helper as the examples need is put on the machines.
function Set-Fe2Share([string] $Code, [string] $Command) {
    $machines = @('od1', 'base') + @('job-1', 'job-2' | Where-Object { $Code -match 'job-' })
    foreach ($name in $machines) { Set-Fe2Machine $name running }
    $null = Invoke-Fe2Command $machines @'
printf '#!/bin/sh\nexec mount -t tmpfs none "$2"\n' | sudo tee /sbin/mount.nfs4 >/dev/null
printf '#!/bin/sh\nsetsid sleep 900 >/dev/null 2>&1 &\necho $! > "$(sed -n "s/^pid = //p" "$1")"\n' | sudo tee /usr/bin/stunnel >/dev/null
sudo chmod 755 /sbin/mount.nfs4 /usr/bin/stunnel
sudo mkdir -p /etc/ssl/certs; sudo touch /etc/ssl/certs/ca-certificates.crt
'@
    Dismount-Fe2FileSystem shared $machines -WarningAction Ignore -ErrorAction Ignore
    if ($Command -ne 'Mount-Fe2FileSystem') { $null = Mount-Fe2FileSystem shared od1, base }
}

# The group web, and the target group of a load balancer, tg, which no cmdlet makes.
function Set-Fe2ServiceGroup([string] $Code, [string] $Command) {
    if ($Command -eq 'New-Fe2Group') {
        Get-Fe2Group web, api -ErrorAction Ignore | Remove-Fe2Group
        if ($Code -match '\btg\b') { Add-Fe2TargetGroup tg }
    }
    elseif ($Code -match '\bweb\b' -and -not (Get-Fe2Group web -ErrorAction Ignore)) { $null = New-Fe2Group web -Desired 2 -Max 4 }
}

# The image base, of nothing in particular: what is frozen is not what these examples are about.
function Set-Fe2BaseImage {
    if (Get-Fe2Ami base -ErrorAction Ignore) { return }
    Set-Fe2Machine base running
    $null = New-Fe2Ami base -NoReboot -Wait
}

# The same names without machines behind them, for tests that look but do not log in.
function New-Fe2Record {
    $null = Start-Fe2Sandbox -Hosts None -Speed Fast
    $null = 'od1', 'old1' | New-Fe2Instance -NoWait
    $null = New-Fe2Instance spot2 -InstanceType m5.large -Spot -NoWait
    $null = Wait-Fe2Instance od1, old1, spot2 -Timeout 60
    $null = Stop-Fe2Instance old1 -PassThru | Wait-Fe2Instance -State stopped
    $null = New-Fe2Volume data 20
    $null = New-Fe2Snapshot data snap1 -Wait
    $null = New-Fe2Ami od1 -Name base -NoReboot -Wait
    $null = New-Fe2Group grp -NoWait
}

# An example in a pwsh of its own, on a terminal, with somebody who leaves again. Gives what it wrote; the exit code is in
# $LASTEXITCODE. What is about sandboxes has one of its own, the rest works in the world's. A bar of progress would ask the
# terminal where the cursor is, and wait for an answer that nobody gives.
function Invoke-Fe2Shell([string] $Code, [string] $Command) {
    $before = $Command -eq 'Stop-Fe2Sandbox' ? 'Start-Fe2Sandbox -Hosts None;' : ''
    $inner = "Import-Module '$env:FE2_MODULE/Fe2Ps.psd1'; `$ErrorActionPreference = 'Stop'; `$ConfirmPreference = 'None'; `$ProgressPreference = 'SilentlyContinue'; $before try { $Code } finally { Get-Fe2Sandbox | Stop-Fe2Sandbox }"
    $encoded = [Convert]::ToBase64String([Text.Encoding]::Unicode.GetBytes($inner))
    $variables = $Command -like '*-Fe2Sandbox' ? @{} : (Get-Fe2Sandbox -Current).Environment
    $kept = @{}
    foreach ($name in $variables.Keys) {
        $kept[$name] = [Environment]::GetEnvironmentVariable($name)
        [Environment]::SetEnvironmentVariable($name, $variables[$name])
    }

    # Whoever types before there is a prompt may not be heard, so it is typed again.
    $typist = 'TERM=dumb timeout 120 script -qec "$0 -NoProfile -EncodedCommand $1" /dev/null < <(while sleep 2; do printf "q\nexit\n" 2>/dev/null || exit; done)'
    try { bash -c $typist (Get-Process -Id $PID).Path $encoded | Out-String }
    finally { foreach ($name in $kept.Keys) { [Environment]::SetEnvironmentVariable($name, $kept[$name]) } }
}
