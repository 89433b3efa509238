#!/bin/sh
# lease ID HOLDER: on the monitor, lets one computer at a time see to the job's recovery. Exit code 75 while another one does,
# or did until a minute and a half ago. Whoever has it asks again and again. lease ID HOLDER drop: gives it back.
# shellcheck source=lib.sh
. "$HOME/.fe2/lib.sh"
open_job "$1"
lock "$private/lock" 20 || exit 75
holder=
since=0
[ ! -s "$private/lease" ] || read -r holder since < "$private/lease"
present=$(date +%s)
if [ "$holder" != "$2" ] && [ $((present - since)) -lt 90 ] && [ "$present" -ge "$since" ]; then
    say "$holder"
    exit 75
fi
if [ "${3-}" = drop ]; then
    rm -f "$private/lease"
else
    put "$private/lease" "$2 $present"
fi
