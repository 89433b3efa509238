#!/bin/sh
# start ID SCRIPT ONEXIT: on the target, runs the job in a tmux session of its own. What the script gets as environment and
# arguments comes on standard input, as shell text, and stays in the private folder. Prints the session's name.
# shellcheck source=lib.sh
. "$HOME/.fe2/lib.sh"
open_job "$1"
(umask 077 && cat > "$private/env") || exit 1
printf %s "$2" > "$private/script"
printf '%s\n' "$3" > "$private/onexit"
chmod u+x "$dir/$2" || exit 1
# The last reserve: freed at the end, so that a full disk still takes the exit code.
dd if=/dev/zero of="$private/reserve" bs=65536 count=16 2>/dev/null || exit 1
: > "$meta/output.log" || exit 1
put "$meta/state" starting || exit 1
printf '%s\n' "$name" > "$HOME/fastec2/current"

# tmux gives ':' and '.' a meaning of their own in a session's name.
session=$(printf %s "$name" | tr ':.' '__')
wanted=$session
count=1
while tmux has-session -t "=$session" 2>/dev/null; do
    count=$((count + 1))
    session=$wanted-$count
done
printf %s "$session" > "$private/session"
tmux -u new-session -d -s "$session" -x 200 -y 50 "exec '$fe2/run' '$id'" || exit 1
setsid "$fe2/keep" "$id" </dev/null >"$private/keep.log" 2>&1 &
printf '%s\n' "$session"
