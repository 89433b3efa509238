#!/bin/sh
# claim ID NAME: takes the folder ~/fastec2/NAME for the job. Exit code 17 when another job has it.
# Files that somebody put there beforehand stay and become part of the job.
# shellcheck source=lib.sh
. "$HOME/.fe2/lib.sh"
id=$1
name=$2
mkdir -p "$HOME/fastec2/$name" || exit 1
# mkdir is the lock: of two that claim the same name at once, one succeeds.
if ! mkdir "$HOME/fastec2/$name/.fe2" 2>/dev/null; then
    [ -d "$HOME/fastec2/$name/.fe2" ] && exit 17
    exit 1
fi
(umask 077 && mkdir -p "$fe2/jobs/$id") || exit 1
printf %s "$name" > "$fe2/jobs/$id/name"
