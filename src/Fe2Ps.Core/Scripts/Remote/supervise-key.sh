#!/bin/sh
# supervise-key ID INSTANCE TYPE BLOB [ADDRESSES]: on the monitor, pins the host key of a machine of the job, and prints the line that lets
# this machine in there, or nothing where the job has no supervisor. With this machine's ADDRESSES, with commas between them, makes the key first: one for each
# job, whose private half never leaves.
# shellcheck source=lib.sh
. "$HOME/.fe2/lib.sh"
open_job "$1"
umask 077
if [ -n "${5-}" ]; then
    if ! [ -s "$private/supervise.key" ]; then
        rm -f "$private/supervise.key" "$private/supervise.key.pub"
        ssh-keygen -q -t ed25519 -N '' -C "fe2-monitor:$id" -f "$private/supervise.key" || exit 1
    fi
    printf 'restrict,from="%s" %s\n' "$5" "$(cat "$private/supervise.key.pub")" > "$private/supervise.line" || exit 1
fi
[ -s "$private/supervise.line" ] || exit 0
touch "$private/machines"
{ grep -v "^$2 " "$private/machines"; printf '%s %s %s\n' "$2" "$3" "$4"; } > "$private/machines.new"
mv -f "$private/machines.new" "$private/machines" || exit 1
cat "$private/supervise.line"
