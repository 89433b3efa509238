#!/bin/sh
# abandon ID: gives up a job that never started.
# abandon ID lost: on the monitor, after the target is gone: its key leaves, its results stay.
# shellcheck source=lib.sh
. "$HOME/.fe2/lib.sh"
open_job "$1"
edit_keys "$id"
if [ "${2-}" = lost ]; then
    case $(head -n 1 "$meta/state" 2>/dev/null) in
        finished | lost) ;;
        *) put "$meta/state" lost ;;
    esac
    exit 0
fi
rm -rf "$meta" "$private"
# A folder with the user's own files stays.
rmdir "$dir" 2>/dev/null
exit 0
