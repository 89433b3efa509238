#!/bin/sh
# stop ID: ends the script: SIGTERM, and after ten seconds SIGKILL. Results are flushed as after any other end.
# stop ID over SECONDS: the same, because another machine takes over, and waits until the results are on the monitor. Exit code
# 70 when they are not there in time.
# stop ID gone: on the monitor, where the machine that runs the script does not run any more: the job does not go on elsewhere.
# shellcheck source=lib.sh
. "$HOME/.fe2/lib.sh"
open_job "$1"
flushed() {
    [ "${over-}" ] || exit 0
    count=0
    while [ $count -lt $((seconds * 5)) ]; do
        case $(head -n 1 "$meta/state" 2>/dev/null) in
            finished | lost) exit 0 ;;
        esac
        count=$((count + 1))
        sleep 0.2
    done
    exit 70
}
if [ "${2-}" = over ]; then
    over=1
    seconds=$3
    # Also where nobody has told this machine: a script that is ended now did not fail.
    [ -s "$meta/interrupted" ] || put "$meta/interrupted" "$(now) replace $(now)"
fi
if [ "${2-}" = gone ]; then
    put "$meta/stopped" "$(now)"
    exit 0
fi
if [ -z "${over-}" ]; then
    # Before anything else, and not while resume is at it: a script that does not run at this moment may be about to be started again.
    lock "$private/lock" 20
    case $(head -n 1 "$meta/state" 2>/dev/null) in
        finished | lost) [ ! -s "$private/recover" ] || has_finished || put "$meta/stopped" "$(now)" ;;
        *) put "$meta/stopped" "$(now)" ;;
    esac
    exec 9>&-
fi
alive "$private/run.pid" || flushed
if [ "${over-}" ] && [ -f "$private/checkpoint" ]; then
    # The last moment that the next machine can begin at.
    timeout 60 "$fe2/checkpoint" "$id" </dev/null >>"$private/checkpoint.log" 2>&1
fi
read -r wrapper _ < "$private/run.pid"

tell() {
    for member in $(script_members "$wrapper"); do
        kill "-$1" "$member" 2>/dev/null
    done
}

# All at once: a script whose step was killed must not go on and write down that the step is done.
tell STOP
tell TERM
tell CONT
count=0
while alive "$private/run.pid" && [ $count -lt 75 ]; do
    [ $count -lt 50 ] || tell KILL
    count=$((count + 1))
    sleep 0.2
done
alive "$private/run.pid" && exit 1
flushed
