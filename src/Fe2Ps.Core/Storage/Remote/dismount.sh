# dismount SERIAL DEVICE ID FORCE: writes everything out and unmounts. Exit code 72 when processes hold it; they are told.

# users PATH: processes that work below a mount point: open files, folders, programs, maps.
users() {
    {
        find /proc/[0-9]*/cwd /proc/[0-9]*/root /proc/[0-9]*/exe /proc/[0-9]*/fd -maxdepth 1 -type l -printf '%p %l\n' 2>/dev/null \
            | POINT=$1 awk 'BEGIN { point = ENVIRON["POINT"] } {
                path = substr($0, index($0, " ") + 1)
                if (path == point || index(path, point "/") == 1) { split($1, parts, "/"); print parts[3] }
            }'
        for maps in /proc/[0-9]*/maps; do
            POINT=$1 awk 'index($0, " " ENVIRON["POINT"] "/") { exit found = 1 } END { exit !found }' "$maps" 2>/dev/null || continue
            maps=${maps#/proc/}
            printf '%s\n' "${maps%/maps}"
        done
    } | sort -un | grep -vx "$$"
}

# mounters NUMBER DEVICE: processes in name spaces of their own (containers, services) that have it mounted.
mounters() {
    own=$(readlink /proc/self/ns/mnt)
    for space in /proc/[0-9]*/ns/mnt; do
        [ "$(readlink "$space" 2>/dev/null)" != "$own" ] || continue
        process=${space#/proc/}
        process=${process%%/*}
        [ -z "$(mounts_of "$1" "$2" "/proc/$process/mountinfo")" ] || printf '%s\n' "$process"
    done
}

# who PID...: what a person knows them by.
who() {
    for pid; do
        name=$(tr '\000' ' ' < "/proc/$pid/cmdline" 2>/dev/null | cut -c 1-120)
        [ -n "$name" ] || name=$(cat "/proc/$pid/comm" 2>/dev/null) || continue
        tell process "$pid ${name% }"
    done
}

end_all() {
    # shellcheck disable=SC2086 # numbers
    kill -TERM $1 2>/dev/null
    tries=25
    while [ "$tries" -gt 0 ]; do
        left=
        for pid in $1; do
            kill -0 "$pid" 2>/dev/null && ! grep -q '^State:.Z' "/proc/$pid/status" 2>/dev/null && left="$left $pid"
        done
        [ -n "$left" ] || return 0
        tries=$((tries - 1))
        sleep 0.2
    done
    # shellcheck disable=SC2086
    kill -KILL $left 2>/dev/null
    sleep 0.2
}

# below PATH: mount points at it and below it, the innermost first, as the kernel writes them.
below() {
    # By the environment: -v would take the backslashes for its own.
    POINT=$1 awk '$5 == ENVIRON["POINT"] || index($5, ENVIRON["POINT"] "/") == 1 { at[++n] = $5 } END { for (; n > 0; n--) print at[n] }' /proc/self/mountinfo
}

release() {
    rounds=4
    while :; do
        raw=$(disk_mounts | head -n 1)
        [ -n "$raw" ] || return 0
        point=$(plain "$raw")
        sync -f "$point" 2>/dev/null
        inner=$(below "$raw" | head -n 1)
        why=$(umount "$(plain "$inner")" 2>&1 8<&- 9>&-) && continue
        pids=$(users "$point" | tr '\n' ' ')
        if [ "$force" = 0 ] || [ "$rounds" = 0 ]; then
            tell point "$point"
            # shellcheck disable=SC2086
            who $pids
            fail 72 "$why"
        fi
        rounds=$((rounds - 1))
        # shellcheck disable=SC2086
        who $pids
        [ -z "$pids" ] || end_all "$pids"
    done
}

main() {
    id=$3 force=$4
    if ! find_disk "$1" "$2" 1; then
        # Gone already: nothing of it can be mounted.
        tell gone 1
        return 0
    fi
    lock_disk 600 || fail 75 "a mount of this volume is under way and does not end"
    lock_points 60 || fail 75 "another mount on this machine does not end"
    held=$(holders | tr '\n' ' ')
    [ -z "$held" ] || fail 76 "it is in use by ${held% }"
    release
    others=$(mounters "$disk_number" "$disk" | tr '\n' ' ')
    if [ -n "$others" ]; then
        # shellcheck disable=SC2086
        who $others
        [ "$force" = 1 ] || fail 72 "processes with a view of their own of the file systems have it mounted"
        end_all "$others"
    fi
    edit_fstab "$id" || tell note "/etc/fstab cannot be written: its line for the volume stays"
    sync
    blockdev --flushbufs "$disk" 2>/dev/null
    return 0
}

main "$@" </dev/null
