#!/bin/sh
# abandon ID: gives up a job that never started. Exit code 18 when it did start: then nothing is touched, and the name of
# its tmux session is printed. Exit code 75 when it is being started at this moment.
# abandon ID lost INSTANCE: on the monitor, after the target is gone: its key leaves, its results stay. Unless the job is on
# another machine by now.
# shellcheck source=lib.sh
. "$HOME/.fe2/lib.sh"
open_job "$1"
if [ "${2-}" = lost ]; then
    grep -qF "\"$3\"" "$meta/job.json" || exit 0
    edit_keys "fe2:$id"
    case $(head -n 1 "$meta/state" 2>/dev/null) in
        finished | lost) ;;
        *) put "$meta/state" lost ;;
    esac
    exit 0
fi
lock "$private/lock" 20 || exit 75
if [ "$(readlink "$private/started")" = yes ]; then
    cat "$private/session"
    exit 18
fi
edit_keys "fe2:$id"
rm -rf "$meta" "$private"
# A folder with the user's own files stays.
rmdir "$dir" 2>/dev/null
exit 0
