#!/bin/sh
# resume ID REASON [kept]: on the machine of a job whose script did not come to its end, starts it once more there: after the
# machine's start (boot), when its wrapper was killed (lost), because it failed and shall be tried again (error), or because it ended at
# the notice of a hibernation that is over (interrupted). keep says "kept" and goes on itself. Exit code 0 when the job goes on here, now or already; 3 when it does not: nobody asked for that, it is
# over, or it was started as often as it may be.
# shellcheck source=lib.sh
. "$HOME/.fe2/lib.sh"
# shellcheck source=launch.sh
. "$fe2/launch"
open_job "$1"
reason=$2
# Of two that come at once, the boot and a computer that looks after the job, the second finds it running.
lock "$private/lock" 20 || exit 75
[ -s "$private/recover" ] && [ -s "$private/attempt" ] || exit 3
case $(head -n 1 "$meta/state" 2>/dev/null) in
    finished | lost) exit 3 ;;
esac
keep_on() {
    [ -z "${kept-}" ] || return 0
    stay $$
    setsid "$fe2/keep" "$id" </dev/null >>"$private/keep.log" 2>&1 9>&- &
}
kept=${3-}
if [ "${3-}" = kept ]; then
    # The wrapper writes down the script's end before its own.
    count=0
    while alive "$private/run.pid" && [ $count -lt 50 ]; do
        count=$((count + 1))
        sleep 0.2
    done
fi
if alive "$private/run.pid"; then
    # Its keep may have been killed.
    alive "$private/keep.pid" || keep_on
    exit 0
fi
[ "${3-}" = kept ] || ! alive "$private/keep.pid" || exit 0
# A machine that goes down, or that EC2 is about to stop, is no place to start.
if [ "$reason" = lost ] && [ "${3-}" != kept ]; then
    ! is_fresh "$private/down" || exit 0
    ! rests "$private" || ! [ -s "$meta/interrupted" ] || exit 0
fi

# A script that had ended by itself before the machine went down only has to be brought to its end.
if [ "$reason" != error ] && [ -s "$meta/exit-code" ] && ! [ -f "$private/down" ] && ! [ -f "$private/resting" ]; then
    keep_on
    exit 0
fi
may_resume || exit 3
# A monitor that does not know this machine's key any more has given the job to another one meanwhile, or given it up.
if { [ "$reason" = boot ] || [ "$reason" = interrupted ]; } && [ -f "$private/ssh_config" ]; then
    answer=$(ssh -F "$private/ssh_config" monitor hello 2>&1 </dev/null)
    case $?:$answer in
        76:*)
            # Somebody has stopped the job while this machine was off: it only comes to its end here.
            put "$meta/stopped" "$(now)"
            keep_on
            exit 0
            ;;
        *'Permission denied'*)
            put "$meta/state" "lost
the job's monitor has given it up while this machine was off"
            rm -f "$private/resting"
            exit 3
            ;;
    esac
fi

read -r PATH < "$private/login"
{ read -r _; read -r LANG; read -r SHELL; } < "$private/login"
export PATH LANG SHELL
read -r wrapper _ < "$private/run.pid" 2>/dev/null
if [ "$reason" = lost ]; then
    for member in $(session_members "$wrapper" 0) $(script_members "$wrapper"); do
        kill -9 "$member" 2>/dev/null
    done
fi
ended=$(head -n 1 "$meta/ended" 2>/dev/null)
[ -n "$ended" ] || ended=$(head -n 1 "$meta/heartbeat" 2>/dev/null)
[ -n "$ended" ] || ended=$(now)
end=$reason
[ "$reason" != error ] || end=failed
[ "$reason" != boot ] || end=restarted
[ ! -s "$meta/interrupted" ] || end=interrupted
attempt=$(($(cat "$private/attempt") + 1))
put "$private/attempt" $attempt || exit 1
# The monitor hears of it from keep, as soon as it can be reached.
printf '%s\n' "$attempt $(now) $ended $end" >> "$private/again" || exit 1
clear_marks
# What has failed would fail again from there.
[ "$reason" != error ] || [ ! -f "$meta/checkpoint.tar" ] || : > "$meta/checkpoint.tar"
rm -f "$end_file" "$private/started" "$private/run.pid" "$private/down" "$private/resting" "$private/notice-known" "$private/rebalance-known"
stay $$
launch || exit 1
keep_on
[ ! -f "$private/spot" ] || start_watch
exit 0
