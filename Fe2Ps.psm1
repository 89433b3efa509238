# Everything lives in a load context of the module's own (see src/Fe2Ps.Loader): only the loader enters PowerShell's.
try { Import-Fe2Assembly $PSScriptRoot } catch { throw } # else a refusal would leave a module without commands
