#!/bin/sh
# follow ID BYTES [once]: the script's output after so many bytes, as it comes, until the job has ended here, or what there is.
# shellcheck source=lib.sh
. "$HOME/.fe2/lib.sh"
open_job "$1"
log=$meta/output.log

over() {
    case $(head -n 1 "$meta/state" 2>/dev/null) in
        finished | lost) return 0 ;;
        # The script has ended: nothing more comes on this machine. On the monitor the rest is still under way.
        flushing) [ -f "$private/run.pid" ] && return 0 ;;
    esac
    [ -f "$private/run.pid" ] && ! alive "$private/run.pid"
}

# rsync replaces the file, so the monitor cannot hold it open: each round opens it anew.
at=$2
rounds=0
while :; do
    if [ "${3-}" = once ] || over; then last=1; else last=; fi
    if [ -f "$log" ]; then
        size=$(wc -c < "$log")
        if [ "$size" -gt "$at" ]; then
            # No more than was counted: what grows meanwhile belongs to the next round.
            tail -c +$((at + 1)) "$log" | head -c $((size - at)) || exit 0
            at=$size
        fi
    fi
    [ -z "$last" ] || exit 0
    # Whether anybody still listens shows only when something is written.
    rounds=$(((rounds + 1) % 50))
    [ $rounds != 0 ] || echo >&2 || exit 0
    sleep 0.2
done
