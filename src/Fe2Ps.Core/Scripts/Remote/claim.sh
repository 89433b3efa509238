#!/bin/sh
# claim ID NAME [ONEXIT]: takes the folder ~/fastec2/NAME for the job. Exit code 17 when another job has it. On the target,
# exit code 19 when another job here asked for the other end of the machine: an instance knows only one.
# Files that somebody put there beforehand stay and become part of the job.
# shellcheck source=lib.sh
. "$HOME/.fe2/lib.sh"
id=$1
name=$2
onexit=${3-None}
private=$fe2/jobs/$id
lock "$fe2/machine.lock" 20 || exit 75
case $onexit in
    Stop | Terminate)
        other=$(other_end "$onexit")
        if [ -n "$other" ]; then
            say "$other"
            exit 19
        fi
        ;;
esac
mkdir -p "$HOME/fastec2/$name" || exit 1
# mkdir is the lock: of two that claim the same name at once, one succeeds.
if ! mkdir "$HOME/fastec2/$name/.fe2" 2>/dev/null; then
    [ -d "$HOME/fastec2/$name/.fe2" ] && exit 17
    exit 1
fi
(umask 077 && mkdir -p "$private") || exit 1
printf %s "$name" > "$private/name"
printf '%s\n' "$onexit" > "$private/onexit"
