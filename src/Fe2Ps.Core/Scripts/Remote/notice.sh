#!/bin/sh
# notice ID notice TIME ACTION LEFT: EC2 takes this machine away at TIME, in LEFT seconds. Everything of the job that can be
# saved until then is: each step has a time limit of its own, so one that hangs loses nothing but itself.
# notice ID rebalance TIME: it may do so soon. The early half: what harms nobody.
# notice ID back TIME: it did so at TIME, with its memory, and the machine is there again: the script goes on where it was.
# Runs as a session of its own (watch starts it), so that its rsync can be found and ended.
# shellcheck source=lib.sh
. "$HOME/.fe2/lib.sh"
open_job "$1"
kind=$2
deadline=$3
action=${4-}
left=${5-120}
trap '' HUP INT
# Twice at once is once.
lock "$private/$kind.lock" 0 || exit 0
[ "$(cat "$private/$kind-known" 2>/dev/null)" != "$deadline" ] || exit 0
put "$private/$kind-known" "$deadline" || exit 1
remember "$private/$kind.pid" $$

if [ "$kind" = back ]; then
    rm -f "$meta/interrupted" "$meta/saved"
    # The monitor hears of it from keep.
    printf '%s\n' "0 $(now) $(now) back" >> "$private/again"
    # Killed while the machine slept, or before that: nobody else sees to the job.
    alive "$private/keep.pid" || "$fe2/resume" "$id" interrupted </dev/null 9>&- || "$fe2/revive" "$id" </dev/null 9>&-
    exit 0
fi

# Seconds since the machine's start: a clock that nobody sets.
uptime() {
    read -r up _ < /proc/uptime
    printf %s "${up%.*}"
}
end=$(($(uptime) + left))
remaining() { printf %s $((end - $(uptime))); }

# within SECONDS COMMAND...: no longer than that, and not beyond the machine's end.
within() {
    limit=$(remaining)
    [ "$limit" -lt "$1" ] || limit=$1
    [ "$limit" -gt 0 ] || return 1
    shift
    timeout -k 1 "$limit" "$@" 9>&-
}

# bring SECONDS [OPTION...]: one pass to the monitor.
bring() {
    [ -f "$private/ssh_config" ] || return 0
    seconds=$1
    shift
    rsync="within $seconds rsync"
    push "$@" 2>/dev/null
}

# The marks alone, before anything that takes time: the monitor must know even if nothing else succeeds.
bring_marks() {
    bring 15 --include=/.fe2/ --include=/.fe2/interrupted --include=/.fe2/rebalance --include=/.fe2/saved '--exclude=*'
}

# bring_all: small results do not wait behind large ones. What was there when a pass began is safe when it has ended.
bring_all() {
    began=$(now)
    bring 30 --max-size=64m
    bring 110 || [ $? = 24 ] || return 1
    put "$meta/saved" "$began"
    bring_marks
}

if [ "$kind" = rebalance ]; then
    end=$(($(uptime) + 600))
    put "$meta/rebalance" "$deadline $(now)"
    bring_marks
    bring_all
    within 30 sync
    exit 0
fi

put "$meta/interrupted" "$deadline $action $(now)"
bring_marks &
marks=$!

start_hook() {
    [ -f "$dir/on-interrupt" ] || return 1
    chmod u+x "$dir/on-interrupt" 2>/dev/null
    hook_limit=$((left * 45 / 100 + 1))
    # shellcheck disable=SC2016 # the inner shell's
    setsid timeout -k 2 $hook_limit sh -c '
        cd "$1" || exit 1
        FE2_DIR=$1 FE2_JOB=$2 FE2_NOTICE=$3 left=$4 env=$5
        export FE2_DIR FE2_JOB FE2_NOTICE
        . "$env"
        exec ./on-interrupt "$left"
    ' sh "$dir" "$name" "$meta/interrupted" "$left" "$private/env" </dev/null >>"$meta/on-interrupt.log" 2>&1 9>&- &
    hook=$!
    remember "$private/hook.pid" $hook
}
hook_runs() { [ -n "${hook-}" ] && kill -0 "$hook" 2>/dev/null; }

# The memory of a script that cannot save itself is kept at once: what it does after that is done again. 
if [ -f "$private/checkpoint" ] && [ "$action" != hibernate ]; then
    within 60 "$fe2/checkpoint" "$id" >>"$private/checkpoint.log" 2>&1
fi

# The hook goes first, but the script must hear of it in good time too.
start_hook
count=0
while hook_runs && [ $count -lt 50 ] && [ "$(remaining)" -gt 10 ]; do
    count=$((count + 1))
    sleep 0.2
done

# catches PID NUMBER: whether the process has a handler. The first half of the mask is of signals above 32.
catches() {
    mask=$(sed -n 's/^SigCgt:[[:space:]]*//p' "/proc/$1/status" 2>/dev/null)
    mask=${mask#????????}
    [ -n "$mask" ] && [ $((0x$mask >> ($2 - 1) & 1)) = 1 ]
}

tell_each() {
    for member in $members; do
        if [ -z "$number" ] || catches "$member" $number; then
            kill -s "$1" "$member" 2>/dev/null
        fi
    done
}

# tell_script: signals that are meant to end a program go to all of it. The others would end a program that does not
# expect them, so only processes that catch them get them.
tell_script() {
    signal=$(cat "$private/signal" 2>/dev/null)
    case ${signal:=USR1} in
        USR1) number=10 ;;
        USR2) number=12 ;;
        TERM | INT | HUP) number= ;;
        *) return ;;
    esac
    alive "$private/run.pid" || return
    read -r wrapper _ < "$private/run.pid"
    members=$(script_members "$wrapper")
    # A program that is to end must not see its parts end before.
    # One that hibernates with its machine need not end.
    [ -n "$number" ] || [ "$action" != hibernate ] || return
    [ -n "$number" ] || tell_each STOP
    tell_each "$signal"
    [ -n "$number" ] || tell_each CONT
}
tell_script
wait $marks

# Passes until the end: what the script and the hook still write is brought away as well. When the script has ended, keep
# does the rest and ends this one.
synced=
pause=1
while [ "$(remaining)" -gt 0 ]; do
    bring_all
    if [ -z "$synced" ] && ! hook_runs; then
        within 10 sync
        synced=1
        continue
    fi
    sleep $pause
    [ $pause -ge 5 ] || pause=$((pause + 1))
    case $(head -n 1 "$meta/state" 2>/dev/null) in
        finished | lost) break ;;
    esac
done
exit 0
