#!/bin/sh
# stop ID: ends the script: SIGTERM, and after ten seconds SIGKILL. Results are flushed as after any other end.
# shellcheck source=lib.sh
. "$HOME/.fe2/lib.sh"
open_job "$1"
alive "$private/run.pid" || exit 0
read -r wrapper _ < "$private/run.pid"
session=$(session_of "$wrapper")
put "$meta/stopped" "$(now)"

tell() {
    for member in $(session_members "$session" "$wrapper"); do
        kill "-$1" "$member" 2>/dev/null
    done
}

tell TERM
count=0
while alive "$private/run.pid" && [ $count -lt 75 ]; do
    [ $count -lt 50 ] || tell KILL
    count=$((count + 1))
    sleep 0.2
done
! alive "$private/run.pid"
