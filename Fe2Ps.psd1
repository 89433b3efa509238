@{
    RootModule           = 'Fe2Ps.psm1'
    ModuleVersion        = '0.1.0'
    GUID                 = '462962c2-0d68-4c93-b592-29285936e86b'
    Author               = 'The Fe2Ps maintainers'
    CompanyName          = 'The Fe2Ps maintainers'
    Copyright            = '(c) The Fe2Ps maintainers'
    Description          = 'For people who want one or two AWS computers, not an architecture: start a machine by name, log in, run a long script on a cheap spot machine, keep every result, stop paying.'
    PowerShellVersion    = '7.4'
    CompatiblePSEditions = @('Core')
    FormatsToProcess     = @('Fe2Ps.Format.ps1xml')
    CmdletsToExport      = @(
        'Copy-Fe2Item'
        'Dismount-Fe2Volume'
        'Enter-Fe2Instance'
        'Find-Fe2InstanceType'
        'Get-Fe2Ami'
        'Get-Fe2Cost'
        'Get-Fe2Default'
        'Get-Fe2Instance'
        'Get-Fe2Price'
        'Get-Fe2Region'
        'Get-Fe2Sandbox'
        'Get-Fe2Script'
        'Get-Fe2Snapshot'
        'Get-Fe2SpotPrice'
        'Get-Fe2SshConfig'
        'Get-Fe2Tunnel'
        'Get-Fe2Volume'
        'Invoke-Fe2Command'
        'Invoke-Fe2Script'
        'Mount-Fe2Volume'
        'New-Fe2Ami'
        'New-Fe2Instance'
        'New-Fe2Snapshot'
        'New-Fe2Volume'
        'Open-Fe2Notebook'
        'Receive-Fe2Command'
        'Receive-Fe2Script'
        'Remove-Fe2Ami'
        'Remove-Fe2Instance'
        'Remove-Fe2Snapshot'
        'Remove-Fe2Volume'
        'Resize-Fe2Volume'
        'Restart-Fe2Instance'
        'Send-Fe2Command'
        'Set-Fe2Default'
        'Set-Fe2InstanceType'
        'Show-Fe2SpotPrice'
        'Start-Fe2Instance'
        'Start-Fe2Sandbox'
        'Start-Fe2Tunnel'
        'Stop-Fe2Instance'
        'Stop-Fe2Sandbox'
        'Stop-Fe2Script'
        'Stop-Fe2Tunnel'
        'Wait-Fe2Ami'
        'Wait-Fe2Instance'
        'Wait-Fe2Script'
        'Wait-Fe2Snapshot'
        'Watch-Fe2Instance'
    )
    AliasesToExport      = @('Connect-Fe2Instance', 'Detach-Fe2Volume', 'Save-Fe2Instance')
    FunctionsToExport    = @()
    VariablesToExport    = @()
    PrivateData          = @{
        PSData = @{
            Tags = @('AWS', 'EC2', 'Spot', 'SSH', 'Cloud', 'PSEdition_Core', 'Linux', 'MacOS', 'Windows')
        }
    }
}
