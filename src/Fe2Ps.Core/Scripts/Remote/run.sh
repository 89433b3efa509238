#!/bin/sh
# run ID: in the tmux session. Runs the script, shows and records its output, records its exit code.
# shellcheck source=lib.sh
. "$HOME/.fe2/lib.sh"
open_job "$1"
# Ctrl+C in the session and its end are for the script; this one lives on to write down what became of it. The kernel
# tells only the first process of a session about the end of its terminal, so it is passed on. What the shell itself says
# (of jobs that ended) must not go to a terminal that may be gone: the shell would end too.
exec 2>>"$private/run.log"
# shellcheck disable=SC2317 # called by traps
pass_on() {
    signalled=1
    # Nobody else asks the wrapper itself to end than a machine that goes down. A job that is to go on does so at the next start.
    [ "$1" != TERM ] || put "$private/down" "$(now)"
    kill -s "$1" -- "-$script_pid" 2>/dev/null
}
script_pid=0
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
    (
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
        exec "./$script" "$@"
    ) </dev/null >> "$meta/output.log" 2>&1 &
    script_pid=$!
    set +m
}
launch
trap 'pass_on INT' INT
trap 'pass_on TERM' TERM
trap 'pass_on HUP' HUP

# A signal interrupts wait, whose answer is then the signal and not the script's end.
code=127
while :; do
    signalled=
    wait "$script_pid"
    answer=$?
    [ $answer = 127 ] && [ $code != 127 ] || code=$answer
    [ -n "$signalled" ] || break
done

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
