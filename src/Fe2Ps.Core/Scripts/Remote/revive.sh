#!/bin/sh
# revive ID: on the target, gives a job that is not over another keep when its own is gone: killed, or the machine was
# restarted. It brings to the monitor what is there, gives the key back, and ends the machine if that was asked for. A job that is to
# go on does so.
# shellcheck source=lib.sh
. "$HOME/.fe2/lib.sh"
open_job "$1"
if [ -s "$private/recover" ] && "$fe2/resume" "$id" lost </dev/null; then
    exit 0
fi
[ -s "$private/run.pid" ] || exit 1
stay $$
setsid "$fe2/keep" "$id" </dev/null >>"$private/keep.log" 2>&1 &
count=0
while [ $count -lt 50 ]; do
    case $(head -n 1 "$meta/state" 2>/dev/null) in
        finished | lost) exit 0 ;;
    esac
    ! alive "$private/keep.pid" || exit 0
    count=$((count + 1))
    sleep 0.1
done
exit 1
