#!/usr/bin/env bash
# The tasks of the project: ./build.sh TASK; without a task it lists them. The work is done by tools/Fe2Ps.Build.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1
if ! command -v dotnet >/dev/null; then
    echo "build: the .NET 10 SDK is needed: https://learn.microsoft.com/dotnet/core/install/linux" >&2
    exit 2
fi
built=$(dotnet build "$here/tools/Fe2Ps.Build" -c Release -v q --tl:off 2>&1) || { printf '%s
' "$built" >&2; exit 1; }
exec dotnet "$here/tools/Fe2Ps.Build/bin/Release/net10.0/Fe2Ps.Build.dll" "$@"
