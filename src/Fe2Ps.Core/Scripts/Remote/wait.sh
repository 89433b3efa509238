#!/bin/sh
# wait ID SECONDS [notice]: returns when the job has come to its end here, or after so many seconds. The caller asks report then.
# shellcheck source=lib.sh
. "$HOME/.fe2/lib.sh"
open_job "$1"
until=$(($(date +%s) + $2))
while [ "$(date +%s)" -lt "$until" ]; do
    case $(head -n 1 "$meta/state" 2>/dev/null) in
        finished | lost) exit 0 ;;
    esac
    # Somebody wants to know at once when the machine is to be taken away.
    [ "${3-}" != notice ] || ! [ -s "$meta/interrupted" ] || exit 0
    if [ -f "$private/run.pid" ] && ! alive "$private/run.pid" && ! alive "$private/keep.pid"; then
        exit 0
    fi
    sleep 0.3
done
exit 0
