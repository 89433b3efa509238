#!/bin/sh
# run ID: in the tmux session. Runs the script, shows and records its output, records its exit code.
# shellcheck source=lib.sh
. "$HOME/.fe2/lib.sh"
open_job "$1"
# Ctrl+C in the session and its end are for the script; this one lives on to write down what became of it.
trap : INT TERM HUP
remember "$private/run.pid" $$
script=$(cat "$private/script"; printf .)
script=${script%.}
put "$meta/started" "$(now)"
put "$meta/state" running
tail -n +1 -f "$meta/output.log" 2>/dev/null &
shown=$!

# The output goes to the file first: not a pipe, which would die with the session and take the script along.
(
    cd "$dir" || exit 126
    FE2_DIR=$dir
    FE2_JOB=$name
    # Python keeps back what it prints to a file; who follows a job wants to see it.
    PYTHONUNBUFFERED=${PYTHONUNBUFFERED-1}
    export FE2_DIR FE2_JOB PYTHONUNBUFFERED
    # shellcheck source=/dev/null
    . "$private/env"
    exec "./$script" "$@"
) >> "$meta/output.log" 2>&1
code=$?

ended=$(now)
rm -f "$private/reserve"
printf '%s %s\n' "$code" "$ended" > "$end_file" 2>/dev/null
put "$meta/exit-code" "$code"
put "$meta/ended" "$ended"
put "$meta/state" flushing
kill "$shown" 2>/dev/null
alive "$private/keep.pid" || setsid "$fe2/keep" "$id" </dev/null >>"$private/keep.log" 2>&1 &
exit "$code"
