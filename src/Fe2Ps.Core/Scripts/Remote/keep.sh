#!/bin/sh
# keep ID: outside of tmux, for as long as the job lives. Keeps lsyncd running, and when the script has ended sees that
# everything is on the monitor, gives the key back, and ends the machine if that was asked for. In this order.
# shellcheck source=lib.sh
. "$HOME/.fe2/lib.sh"
# shellcheck source=keep-send.sh
. "$HOME/.fe2/keep-send" || exit 1
open_job "$1"
trap '' HUP INT
# One at a time. What keep starts must not hold the lock after it (-o).
if [ "${2-}" != locked ]; then
    exec flock -n -o "$private/keep.lock" "$fe2/keep" "$id" locked
fi
case $(head -n 1 "$meta/state" 2>/dev/null) in
    finished | lost) exit 0 ;;
esac
if ! [ -s "$private/run.pid" ]; then
    say "fe2: job $id was never started"
    exit 1
fi
remember "$private/keep.pid" $$
# A machine that goes down says so this way, and leaves some seconds.
going_down=
trap 'going_down=1; let_pass' TERM
lsyncd_pid=
note=
log=$private/sync.log

script_runs() {
    [ -s "$end_file" ] && return 1
    alive "$private/run.pid"
}

# stop_notice: what an interruption notice has set off. The hook may finish what it saves, for which it has a limit of its own.
stop_notice() {
    while alive "$private/hook.pid"; do
        sleep 0.2
    done
    for kind in notice rebalance; do
        alive "$private/$kind.pid" || continue
        read -r notice _ < "$private/$kind.pid"
        for member in $(session_members "$notice" 0); do
            kill -TERM "$member" 2>/dev/null
        done
    done
}

# Passes every 30 s, and less often where a pass takes long. Without lsyncd (not every distribution has it) they do its work.
watch_script() {
    next_beat=0
    next_word=0
    # Seconds between checkpoints, or 0 where none are made.
    every=$(cat "$private/checkpoint" 2>/dev/null || echo 0)
    next_checkpoint=$(($(date +%s) + every))
    next_pass=0
    last_start=0
    while script_runs; do
        moment=$(date +%s)
        if [ "$moment" -ge $next_beat ]; then
            put "$meta/heartbeat" "$(now)"
            [ ! -f "$private/spot" ] || start_watch
            next_beat=$((moment + 30))
        fi
        if [ "$every" != 0 ] && [ "$moment" -ge $next_checkpoint ]; then
            next_checkpoint=$((moment + every))
            setsid "$fe2/checkpoint" "$id" </dev/null >>"$private/checkpoint.log" 2>&1 &
        fi
        if has_monitor; then
            if [ -f "$private/again" ] && [ "$moment" -ge $next_word ]; then
                next_word=$((moment + 5))
                say_again
            fi
            [ -z "$going_down" ] || last_pass
            if { [ -z "$lsyncd_pid" ] || ! kill -0 "$lsyncd_pid" 2>/dev/null; } && [ $((moment - last_start)) -ge 5 ]; then
                last_start=$moment
                start_lsyncd || lsyncd_pid=
                [ $next_pass != 0 ] || next_pass=$((moment + 30))
                [ -n "$lsyncd_pid" ] || next_pass=0
            fi
            if [ "$moment" -ge $next_pass ]; then
                before=$note
                pass
                [ "$note" = "$before" ] || state running
                took=$(($(date +%s) - moment))
                if [ -n "$lsyncd_pid" ]; then
                    next_pass=$((moment + 30 + took * 10))
                else
                    next_pass=$((moment + 1 + took * 3))
                fi
            fi
        fi
        sleep 0.5
    done
}

# Sets code and ended, or code=- when nobody saw the script's end. Either file can be missing or empty: a full disk, full
# memory, a restart.
read_end() {
    code=
    ended=
    [ ! -s "$end_file" ] || read -r code ended < "$end_file"
    case $code in
        '' | *[!0-9]*)
            code=$(head -n 1 "$meta/exit-code" 2>/dev/null)
            ended=$(head -n 1 "$meta/ended" 2>/dev/null)
            ;;
    esac
    case $code in
        '' | *[!0-9]*) code=- ;;
    esac
    [ -n "$ended" ] || ended=$(now)
}

# say_again: that the script goes on after a restart of the machine, or of itself.
say_again() {
    while [ -s "$private/again" ] && read -r words < "$private/again"; do
        ssh -F "$private/ssh_config" monitor "again $words" 2>"$private/push.err" </dev/null
        case $? in
            # 64 and more: a monitor that does not want to hear it will not want to later either.
            0 | 64 | 66 | 77) sed -i 1d "$private/again" ;;
            76)
                # Somebody has stopped the job while this machine was off.
                sed -i 1d "$private/again"
                setsid "$fe2/stop" "$id" </dev/null >>"$private/keep.log" 2>&1 &
                ;;
            *) return 1 ;;
        esac
    done
    rm -f "$private/again"
}

# rest: leaves the job as it is, for the machine's next start.
rest() {
    stop_lsyncd
    if has_monitor; then
        last_pass
        # A shared connection would outlive this by its idle time, and the machine would wait for it to go down.
        ssh -F "$private/ssh_config" -O exit monitor 2>/dev/null
    fi
    exit 0
}

# sleep_through: this process sleeps and wakes with the machine's memory; when it is awake, notice back takes the mark away. Where the
# hibernation fails, EC2 stops the machine instead, and its next start goes on with the job.
sleep_through() {
    stop_lsyncd
    ! has_monitor || last_pass
    while [ -s "$meta/interrupted" ]; do
        [ -z "$going_down" ] || rest
        # Who says that it is over.
        [ ! -f "$private/spot" ] || start_watch
        sleep 0.5
    done
}

# go_on REASON: starts the script once more, and sees to it again. Returns when that cannot be.
go_on() {
    stop_lsyncd
    "$fe2/resume" "$id" "$1" kept </dev/null >>"$private/keep.log" 2>&1 || return 0
    exec "$fe2/keep" "$id" locked
}

# The job's last word. When its answer is lost on the way, the key is gone at the next attempt: then it was heard.
say_done() {
    tried=
    pause=1
    until answer=$(ssh -F "$private/ssh_config" monitor "done $1 $code $ended" 2>&1 </dev/null); do
        case $answer in
            *'Permission denied'*) [ -z "$tried" ] || return 0 ;;
        esac
        tried=1
        note="the monitor does not take the end of the job yet, trying again: $(printf '%s' "$answer" | tail -n 1)"
        state flushing
        sleep $pause
        pause=$((pause < 10 ? pause * 2 : 15))
    done
}

stop_lsyncd
watch_script
result=finished
read_end
rm -f "$private/reserve"
stop_notice
if [ "$code" = - ]; then
    result=lost
    read -r wrapper _ < "$private/run.pid" 2>/dev/null
    for member in $(session_members "${wrapper:-0}" 0) $(script_members "${wrapper:-0}"); do
        kill -9 "$member" 2>/dev/null
    done
fi
# A job that is to go on rests while EC2 stops its machine, or somebody restarts it, and is not over when it fails.
if [ "$code" != 0 ] && may_resume; then
    case $(cut -d ' ' -f 2 "$meta/interrupted" 2>/dev/null) in
        stop)
            # Until then nobody needs to start it.
            put "$private/resting" "$(life)"
            rest
            ;;
        hibernate)
            put "$private/resting" "$(life)"
            sleep_through
            go_on interrupted
            ! [ "$(head -n 1 "$meta/state" 2>/dev/null)" = lost ] || exit 0
            ;;
        '')
            ! is_fresh "$private/down" || rest
            rm -f "$private/down"
            [ $result = finished ] || go_on lost
            [ "$on_error" != error ] || go_on error
            ;;
    esac
fi
# A script that ends with the machine did not fail: it was interrupted. One that ends well is done.
if [ "$code" != 0 ] && [ -s "$meta/interrupted" ]; then
    result=lost
fi
stop_lsyncd
rm -f "$private/resting"
# Memory is no result.
[ $result != finished ] || rm -f "$meta/checkpoint.tar"
if has_monitor; then
    state flushing
    flush
    until say_again; do
        sleep 2
    done
    cp "$log" "$meta/sync.log" 2>/dev/null
    say_done $result
    ssh -F "$private/ssh_config" -O exit monitor 2>/dev/null
    rm -f "$private/key" "$private/key.pub"
fi
note=
if [ $result = lost ] && [ -s "$meta/interrupted" ]; then
    note="EC2 took the machine away before the script had ended"
elif [ $result = lost ]; then
    note="the machine was restarted or the wrapper of the script was killed; the exit code is not known"
fi
[ "$code" = - ] || put "$meta/exit-code" "$code"
put "$meta/ended" "$ended"
state $result
rm -f "$private/env"
has_monitor && exec "$fe2/leave" "$id"
exit 0
