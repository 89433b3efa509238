#!/bin/sh
# start ID SCRIPT KIND SIGNAL ATTEMPT: on the target, of the kind "spot" or another, runs the job in a tmux session of its own. What the script gets as environment and
# arguments comes on standard input, as shell text, and stays in the private folder. Prints the session's name.
# shellcheck source=lib.sh
. "$HOME/.fe2/lib.sh"
open_job "$1"
(umask 077 && cat > "$private/env") || exit 1
# A cut line looks like the end of the text.
if [ "$(tail -n 1 "$private/env")" != "# end of $id" ]; then
    say "fe2: the connection was cut before everything was here"
    exit 74
fi
# Until it is known that the job runs, abandon waits; when abandon came first, nothing is here any more.
lock "$private/lock" 20 && [ -f "$private/name" ] || exit 66
printf %s "$2" > "$private/script"
printf '%s\n' "$4" > "$private/signal"
printf '%s\n' "$5" > "$private/attempt"
[ "$3" != spot ] || : > "$private/spot"
chmod u+x "$dir/$2" || exit 1
# The last reserve: freed at the end, so that a full disk still takes the exit code.
dd if=/dev/zero of="$private/reserve" bs=65536 count=16 2>/dev/null || exit 1
# On a further machine the output goes on where it stood.
[ "$5" -gt 1 ] || : > "$meta/output.log" || exit 1
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
made=$(tmux -u new-session -d -P -F '#{session_id} #{pane_pid}' -s "$session" -x 200 -y 50 "exec '$fe2/run' '$id'" 9>&-) || exit 1

# A loaded machine takes its time. Whoever makes the link first decides: the wrapper that it is up, or this that it never was.
count=0
until [ -L "$private/started" ]; do
    count=$((count + 1))
    if [ $count -gt 300 ] || ! [ -d "/proc/${made#* }" ]; then
        ln -s no "$private/started" 2>/dev/null || break
        tmux kill-session -t "${made% *}" 2>/dev/null
        say "fe2: the script's wrapper did not come up: $(tail -n 1 "$private/run.log" 2>/dev/null)"
        exit 1
    fi
    sleep 0.2
done
setsid "$fe2/keep" "$id" </dev/null >"$private/keep.log" 2>&1 9>&- &
[ ! -f "$private/spot" ] || start_watch
printf '%s\n' "$session"
