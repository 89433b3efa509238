#!/bin/sh
# Read by start and resume, which hold the job's lock (descriptor 9).
# shellcheck shell=sh disable=SC2154 # lib.sh and open_job set them

# launch: runs the script's wrapper in a tmux session of its own, and returns when it is up.
launch() {
    # The last reserve: freed at the end, so that a full disk still takes the exit code.
    dd if=/dev/zero of="$private/reserve" bs=65536 count=16 2>/dev/null || return 1
    put "$meta/state" starting || return 1
    printf '%s\n' "$name" > "$HOME/fastec2/current"

    # A tmux that the user has started would end with its session, and the script's terminal with it.
    server=$(tmux display-message -p '#{pid}' 2>/dev/null)
    [ -z "$server" ] || stay "$server"
    # tmux gives ':' and '.' a meaning of their own in a session's name.
    session=$(printf %s "$name" | tr ':.' '__')
    wanted=$session
    count=1
    while tmux has-session -t "=$session" 2>/dev/null; do
        count=$((count + 1))
        session=$wanted-$count
    done
    printf %s "$session" > "$private/session"
    made=$(tmux -u new-session -d -P -F '#{session_id} #{pane_pid}' -s "$session" -x 200 -y 50 "exec '$fe2/run' '$id'" 9>&-) || return 1

    # A loaded machine takes its time. Whoever makes the link first decides: the wrapper that it is up, or this that it never was.
    count=0
    until [ -L "$private/started" ]; do
        count=$((count + 1))
        if [ $count -gt 300 ] || ! [ -d "/proc/${made#* }" ]; then
            ln -s no "$private/started" 2>/dev/null || break
            tmux kill-session -t "${made% *}" 2>/dev/null
            say "fe2: the script's wrapper did not come up: $(tail -n 1 "$private/run.log" 2>/dev/null)"
            return 1
        fi
        sleep 0.2
    done
}
