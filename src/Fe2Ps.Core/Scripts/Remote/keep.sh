#!/bin/sh
# keep ID: outside of tmux, for as long as the job lives. Keeps lsyncd running, and when the script has ended sees that
# everything is on the monitor, gives the key back, and ends the machine if that was asked for. In this order.
# shellcheck source=lib.sh
. "$HOME/.fe2/lib.sh"
open_job "$1"
trap '' HUP INT
remember "$private/keep.pid" $$
lsyncd_pid=
rsync=rsync
note=
log=$private/sync.log

has_monitor() { [ -f "$private/ssh_config" ]; }

state() { put "$meta/state" "$1${note:+
$note}"; }

lua() { printf '[==[%s]==]' "$1"; }

start_lsyncd() {
    command -v lsyncd >/dev/null 2>&1 || return 1
    # Files above the limit travel with the full passes: a growing giant must not hold up small results behind it.
    # Nothing is ever deleted on the monitor.
    cat > "$private/lsyncd.lua" <<LUA
settings { nodaemon = true, insist = true, logfile = $(lua "$private/lsyncd.log"), inotifyMode = "CloseWrite or Modify" }
sync {
    default.rsync,
    source = $(lua "$dir"),
    target = "monitor:./",
    delay = 1,
    delete = false,
    exclude = { "/.fe2/*.new", ".fe2-partial", "/.fe2/sync.log" },
    rsync = {
        binary = $(lua "$(command -v rsync)"),
        rsh = $(lua "ssh -F '$private/ssh_config'"),
        links = true, perms = true, times = true,
        -- rrsync refuses it, and no name passes a shell here: the folder is always "./".
        protect_args = false,
        _extra = { "--chmod=u+rwX", "--max-size=64m" }
    }
}
LUA
    lsyncd "$private/lsyncd.lua" >>"$log" 2>&1 &
    lsyncd_pid=$!
}

stop_lsyncd() {
    [ -n "$lsyncd_pid" ] || return 0
    kill "$lsyncd_pid" 2>/dev/null
    for _ in 1 2 3 4 5 6 7 8 9 10; do
        kill -0 "$lsyncd_pid" 2>/dev/null || break
        sleep 0.2
    done
    kill -9 "$lsyncd_pid" 2>/dev/null
    wait "$lsyncd_pid" 2>/dev/null
    lsyncd_pid=
}

# push [OPTION...]: one pass over the whole folder. What lsyncd missed, this finds.
push() {
    $rsync -rlpt --chmod=u+rwX --partial-dir=.fe2-partial \
        --exclude='/.fe2/*.new' --exclude=.fe2-partial --exclude=/.fe2/sync.log \
        -e "ssh -F '$private/ssh_config'" "$@" "$dir/" monitor:./ 2>"$private/push.err"
}

# pass [OPTION...]: push, with the note that says why it failed. Files that vanished meanwhile (24) are no failure.
pass() {
    push "$@"
    status=$?
    if [ $status = 0 ] || [ $status = 24 ]; then
        note=
        return 0
    fi
    cat "$private/push.err" >> "$log" 2>/dev/null
    # What the script made as another user is ours to keep too.
    if [ $status = 23 ] && [ "$rsync" = rsync ] && grep -q 'Permission denied (13)' "$private/push.err" && sudo -n true 2>/dev/null; then
        rsync='sudo -n rsync'
        pass "$@"
        return
    fi
    # The first line is the cause, the others are what followed from it.
    note="results are not on the monitor yet, trying again: $(grep -iv -m 1 -e '^control *socket' -e '^mux_' "$private/push.err")"
    return 1
}

# nothing_left: compares by content. An item that begins with '<' or 'c' would still travel.
nothing_left() {
    left=$(push --dry-run --checksum --itemize-changes) || return 1
    ! printf '%s\n' "$left" | grep -q '^[<c]'
}

script_runs() {
    [ -f "$end_file" ] && return 1
    alive "$private/run.pid"
}

# Passes every 30 s, and less often where a pass takes long. Without lsyncd (not every distribution has it) they do its work.
watch_script() {
    next_beat=0
    next_pass=0
    last_start=0
    # The wrapper may need a moment to come up.
    for _ in 1 2 3 4 5 6 7 8 9 10; do
        [ -f "$private/run.pid" ] || [ -f "$end_file" ] && break
        sleep 0.2
    done
    while script_runs; do
        moment=$(date +%s)
        if [ "$moment" -ge $next_beat ]; then
            put "$meta/heartbeat" "$(now)"
            next_beat=$((moment + 30))
        fi
        if has_monitor; then
            if { [ -z "$lsyncd_pid" ] || ! kill -0 "$lsyncd_pid" 2>/dev/null; } && [ $((moment - last_start)) -ge 5 ]; then
                last_start=$moment
                start_lsyncd || lsyncd_pid=
                [ $next_pass != 0 ] || next_pass=$((moment + 30))
                [ -n "$lsyncd_pid" ] || next_pass=0
            fi
            if [ "$moment" -ge $next_pass ]; then
                before=$note
                pass
                [ "$note" = "$before" ] || state running
                took=$(($(date +%s) - moment))
                if [ -n "$lsyncd_pid" ]; then
                    next_pass=$((moment + 30 + took * 10))
                else
                    next_pass=$((moment + 1 + took * 3))
                fi
            fi
        fi
        sleep 0.5
    done
}

# Sets code and ended, or code=- when nobody saw the script's end.
read_end() {
    code=-
    if [ -f "$end_file" ]; then
        read -r code ended < "$end_file"
    elif [ -s "$meta/exit-code" ]; then
        read -r code < "$meta/exit-code"
        ended=$(cat "$meta/ended" 2>/dev/null)
    fi
    [ -n "$ended" ] || ended=$(now)
}

flush() {
    pause=1
    until pass && nothing_left; do
        state flushing
        sleep $pause
        pause=$((pause < 10 ? pause * 2 : 15))
    done
}

# The job's last word. When its answer is lost on the way, the key is gone at the next attempt: then it was heard.
say_done() {
    tried=
    pause=1
    until answer=$(ssh -F "$private/ssh_config" monitor "done $1 $code $ended" 2>&1 </dev/null); do
        case $answer in
            *'Permission denied'*) [ -z "$tried" ] || return 0 ;;
        esac
        tried=1
        note="the monitor does not take the end of the job yet, trying again: $(printf '%s' "$answer" | tail -n 1)"
        state flushing
        sleep $pause
        pause=$((pause < 10 ? pause * 2 : 15))
    done
}

ended=
watch_script
result=finished
read_end
rm -f "$private/reserve"
if [ "$code" = - ]; then
    result=lost
    read -r wrapper _ < "$private/run.pid" 2>/dev/null
    for member in $(session_members "${wrapper:-0}" 0); do
        kill -9 "$member" 2>/dev/null
    done
fi
stop_lsyncd
if has_monitor; then
    state flushing
    flush
    cp "$log" "$meta/sync.log" 2>/dev/null
    say_done $result
    ssh -F "$private/ssh_config" -O exit monitor 2>/dev/null
    rm -f "$private/key" "$private/key.pub"
fi
note=
if [ $result = lost ]; then
    note="the wrapper of the script was killed; its exit code is not known"
fi
[ "$code" = - ] || put "$meta/exit-code" "$code"
put "$meta/ended" "$ended"
state $result
rm -f "$private/env"
has_monitor && exec "$fe2/leave" "$id"
exit 0
