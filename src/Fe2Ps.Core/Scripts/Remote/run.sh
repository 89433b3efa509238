#!/bin/sh
# run ID: in the tmux session. Runs the script, shows and records its output, records its exit code.
# shellcheck source=lib.sh
. "$HOME/.fe2/lib.sh"
open_job "$1"
# Ctrl+C in the session and its end are for the script; this one lives on to write down what became of it. The kernel
# tells only the first process of a session about the end of its terminal, so it is passed on (hang_up). What the shell itself says
# (of jobs that ended) must not go to a terminal that may be gone: the shell would end too.
exec 2>>"$private/run.log"
# shellcheck disable=SC2317 # called by traps
pass_on() {
    signalled=1
    kill -s "$1" -- "-$script_pid" 2>/dev/null
}
# Nobody else asks the wrapper itself to end than a machine that goes down, which asks each process: the script must not hear it twice,
# while it saves. A job that is to go on does so at the next start.
# shellcheck disable=SC2317 # called by traps
go_down() {
    signalled=1
    going_down=1
    : > "$private/down"
    let_pass
}
# When the machine goes down, tmux does too, and so does the terminal: that is not meant for the script, which is saving.
hang_up() {
    [ -n "$hung_up" ] || return 0
    hung_up=
    sleep 0.5
    [ -n "$going_down" ] || kill -s HUP -- "-$script_pid" 2>/dev/null
}
going_down=
hung_up=
script_pid=0
# Some versions of tmux put their windows elsewhere.
stay $$
remember "$private/run.pid" $$ || exit 1
# start has given up waiting: then there is no job.
ln -s yes "$private/started" || exit 1
script=$(cat "$private/script"; printf .)
script=${script%.}
put "$meta/started" "$(now)"
put "$meta/state" running
tail -n +1 -f "$meta/output.log" 2>/dev/null &
shown=$!

# With job control (-m) the script has a process group of its own, and does not ignore SIGINT as background processes of a
# shell otherwise do. No longer than for this: a shell with job control needs its terminal. And in one command: between two,
# it would report a script that has ended already, and forget its exit code.
# The output goes to the file first: not a pipe, which would die with the session and take the script along.
launch() {
    set -m
    # shellcheck disable=SC2119
    script_process </dev/null >> "$meta/output.log" 2>&1 &
    script_pid=$!
    set +m
}

# shellcheck disable=SC2120 # the arguments come from the job's environment file
script_process() {
    cd "$dir" || exit 126
    FE2_DIR=$dir
    FE2_JOB=$name
    # Python keeps back what it prints to a file; who follows a job wants to see it.
    PYTHONUNBUFFERED=${PYTHONUNBUFFERED-1}
    # On a spot machine, this file is there as soon as EC2 has said that it takes the machine away.
    FE2_NOTICE=$meta/interrupted
    # Which machine of the job this is; on all but the first, a script may go on with what the one before has saved.
    FE2_ATTEMPT=$(cat "$private/attempt")
    if [ "$FE2_ATTEMPT" -gt 1 ]; then
        FE2_RESUME=1
        export FE2_RESUME
    fi
    export FE2_DIR FE2_JOB FE2_NOTICE FE2_ATTEMPT PYTHONUNBUFFERED
    # shellcheck source=/dev/null
    . "$private/env"
    if [ -n "${holder-}" ]; then
        exec env --default-signal=INT,QUIT setsid sh -c "$holder" "$private" "./$script" "$@"
    fi
    exec "./$script" "$@"
}

# hold: a script whose memory is kept has a session of its own, without a terminal, and its first process writes down what it ended with:
# on the next machine it is nobody's child here. On a further machine the memory is brought back, and where that fails, the script starts.
hold() {
    # shellcheck disable=SC2016 # the inner shell's
    holder='
        trap : HUP INT TERM USR1 USR2
        "$@"
        code=$?
        echo $code > "$0/held-code.new" && mv -f "$0/held-code.new" "$0/held-code"
        exit $code'
    rm -f "$private/held-code" "$private/held.pid"
    if [ "$(cat "$private/attempt")" -gt 1 ] && "$fe2/checkpoint" "$id" ready >>"$private/checkpoint.log" 2>&1 && restore; then
        put "$meta/restored" "$(now)"
        clear_pids
        return
    fi
    clear_pids
    # shellcheck disable=SC2119
    script_process </dev/null >> "$meta/output.log" 2>&1 &
    script_pid=$!
    remember "$private/held.pid" $script_pid
}

# clear_pids: memory comes back with the numbers of its processes. Far above those that a machine gives at its start they are free on
# the next one.
clear_pids() {
    # Not by read: it takes one byte at a time, and such a file says only its first.
    most=$(cat /proc/sys/kernel/pid_max)
    # shellcheck disable=SC2016 # the inner shell's
    as_root sh -c 'echo "$1" > /proc/sys/kernel/ns_last_pid' sh $((most / 2 + $(cat "$private/attempt") % 100 * (most / 400))) 2>/dev/null
}

restore() {
    as_root env "PATH=$PATH:/usr/sbin:/sbin" criu restore -D "$private/images" -o restore.log -v2 --restore-detached --pidfile "$private/restored.pid" \
        --manage-cgroups=ignore --ext-unix-sk --file-locks </dev/null >/dev/null 2>&1 || {
        why=$(as_root grep 'Error' "$private/images/restore.log" 2>/dev/null | sed 's/^([0-9.]*) *//' | head -n 1)
        put "$meta/checkpoint-note" "$(now) the memory could not be brought back, the script was started again: ${why:-criu failed}"
        return 1
    }
    script_pid=$(as_root cat "$private/restored.pid") && [ -d "/proc/$script_pid" ] || return 1
    remember "$private/held.pid" "$script_pid"
    restored=1
}
if [ -f "$private/checkpoint" ]; then
    hold
else
    launch
fi
trap 'pass_on INT' INT
trap go_down TERM
trap 'signalled=1 hung_up=1' HUP

# What was brought back is not this shell's child.
while [ -n "${restored-}" ] && alive "$private/held.pid"; do
    sleep 0.2
    hang_up
done

# A signal interrupts wait, whose answer is then the signal and not the script's end.
code=127
while [ -z "${restored-}" ]; do
    signalled=
    wait "$script_pid"
    answer=$?
    [ $answer = 127 ] && [ $code != 127 ] || code=$answer
    [ -n "$signalled" ] || break
    hang_up
done

# Killed, when it did not come to write it down.
[ -z "${restored-}" ] || code=$(cat "$private/held-code" 2>/dev/null || echo 137)

ended=$(now)
rm -f "$private/reserve"
put "$meta/exit-code" "$code"
put "$meta/ended" "$ended"
put "$meta/state" flushing
# Last: from here on keep may write what comes after.
put "$end_file" "$code $ended"
kill "$shown" 2>/dev/null
alive "$private/keep.pid" || setsid "$fe2/keep" "$id" </dev/null >>"$private/keep.log" 2>&1 &
exit "$code"
