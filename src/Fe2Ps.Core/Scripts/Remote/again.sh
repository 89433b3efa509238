#!/bin/sh
# again ID HOLDER ENDED END: on the monitor, makes the job's folder ready for another machine. That the job leaves the one before, when
# the script ended there and why, is written down first (AttemptLines). It may not write any more: its key
# leaves next. What it wrote stays, only its marks go. Exit code 76 when somebody has stopped the job, or it has finished after all; 75
# when HOLDER does not see to the job (any more, see lease).
# again ID here: on a machine that is to run the script once more. Exit code 75 when it runs already.
# shellcheck source=lib.sh
. "$HOME/.fe2/lib.sh"
open_job "$1"
if [ "${2-}" = here ]; then
    # A start that is under way is none of ours.
    lock "$private/lock" 20 || exit 75
    ! works "$private" || exit 75
    # What is not on the monitor is not lost: it stays in the folder.
    rm -rf "$meta" "$private"
    exit 0
fi
lock "$private/lock" 20 || exit 75
holder=
[ ! -s "$private/lease" ] || read -r holder _ < "$private/lease"
[ "$holder" = "$2" ] || exit 75
# A stop that was asked for in the meantime.
[ ! -e "$meta/stopped" ] && ! has_finished || exit 76
# Without its marks, a machine that has ended itself would be taken for one that its owner has ended, by whoever goes on from here.
if [ $# = 4 ]; then
    read -r number instance type zone market price started _ end <<LAST
$(tail -n 1 "$private/attempts")
LAST
    if [ "$end" = - ]; then
        (
            umask 077
            { sed '$d' "$private/attempts"; printf '%s\n' "$number $instance $type $zone $market $price $started $3 $4"; } > "$private/attempts.next" \
                && mv -f "$private/attempts.next" "$private/attempts"
        ) || exit 1
    fi
fi
edit_keys "fe2:$id" || exit 1
# Nor what it is bringing at this moment, by a connection that is there already: its last word would be taken for the next one's.
for file in "$private"/doors/*; do
    if alive "$file"; then
        read -r door _ < "$file"
        kill -STOP "$door"
        guests=
        for proc in /proc/[0-9]*; do
            guest=${proc#/proc/}
            [ "$(stat_of "$guest" | cut -d ' ' -f 2)" != "$door" ] || guests="$guests $guest"
        done
        kill -KILL "$door"
        for guest in $guests; do
            kill -KILL -- "-$guest" 2>/dev/null || kill -KILL "$guest" 2>/dev/null
        done
    fi
    rm -f "$file"
done
rm -rf "$dir/.fe2-partial"
for mark in state exit-code started ended heartbeat interrupted rebalance saved; do
    rm -f "$meta/$mark" || exit 1
done
