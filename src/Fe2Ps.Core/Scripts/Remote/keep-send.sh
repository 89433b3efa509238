# How keep brings the job's results to the monitor: lsyncd as they come, and passes over the whole folder. Included by keep.
# shellcheck shell=sh disable=SC2034,SC2154 # of open_job and of keep; what it reads

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
    # A session of its own, so that its rsync can be found when it is gone itself.
    setsid lsyncd "$private/lsyncd.lua" >>"$log" 2>&1 &
    lsyncd_pid=$!
    put "$private/lsyncd.session" "$lsyncd_pid"
}

# lsyncd_members: lsyncd and what it has started. After a reboot the number may be another session's, so the command line
# must name this job too.
lsyncd_members() {
    for part in $(session_members "$(cat "$private/lsyncd.session" 2>/dev/null)" $$); do
        if [ "$(stat_of "$part" | cut -c 1)" != Z ] && grep -qF "$private/" "/proc/$part/cmdline" 2>/dev/null; then
            printf '%s\n' "$part"
        fi
    done
}

# stop_lsyncd: no rsync may be left that puts an older file over a newer one. Also that of a keep which was killed.
stop_lsyncd() {
    signal=TERM
    count=0
    while members=$(lsyncd_members); [ -n "$members" ]; do
        for member in $members; do
            kill "-$signal" "$member" 2>/dev/null
        done
        count=$((count + 1))
        [ $count -lt 10 ] || signal=KILL
        sleep 0.2
    done
    [ -z "$lsyncd_pid" ] || wait "$lsyncd_pid" 2>/dev/null
    lsyncd_pid=
    rm -f "$private/lsyncd.session"
}

# pass [OPTION...]: push, with the note that says why it failed. Files that vanished meanwhile (24) are no failure.
pass() {
    push "$@" 2>"$private/push.err"
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
    left=$(push --dry-run --checksum --itemize-changes 2>"$private/push.err") || return 1
    ! printf '%s\n' "$left" | grep -q '^[<c]'
}

# last_pass: what can be brought away before the machine is down. If it stays up, everything goes on as ever.
last_pass() {
    going_down=
    usual=$rsync
    rsync="timeout 60 $rsync"
    pass
    rsync=$usual
}

# flush: until everything is there.
flush() {
    pause=1
    deep=
    # shellcheck disable=SC2086 # none or one
    until pass $deep && nothing_left; do
        # A file of the same size that was written twice within one tick of the clock: only its content tells.
        deep=--checksum
        state flushing
        sleep $pause
        pause=$((pause < 10 ? pause * 2 : 15))
    done
}
