# freeze SERIAL DEVICE SECONDS: holds back all writes to the mounted file systems of a volume until standard input ends, at
# most for SECONDS. Says "frozen" when they are, and at the end "held" when they were so to the last. A cut connection ends
# standard input; where even that goes unnoticed, the watch thaws.

thaw_all() {
    for point; do fsfreeze --unfreeze "$point"; done
}

main() {
    find_disk "$1" "$2" 1 || fail 64 "no device with the serial $1"
    seconds=$3
    command -v fsfreeze >/dev/null || fail 70 "fsfreeze (util-linux) is not installed"
    # Two that freeze at once would thaw each other's.
    lock_disk 120 || fail 75 "something else has the volume and does not end"
    set --
    for number in $disk_number $(partitions); do
        # Once for each file system, wherever else it is mounted.
        raw=$(mounts_of "$number" "$(device_of "$number")" | tail -n 1)
        case $raw in
            '') continue ;;
            / | /boot* | /usr | /var | /etc | /run | /tmp)
                # The machine itself lives there: frozen, it could not even thaw.
                sync
                tell system "$raw"
                return 0
                ;;
        esac
        set -- "$@" "$(plain "$raw")"
    done
    if [ $# = 0 ]; then
        tell unmounted 1
        return 0
    fi
    for point; do sync -f "$point" 2>/dev/null; done
    mark=$(mktemp /run/fe2-freeze.XXXXXX) || fail 79 "no mark can be made in /run"
    # The watch is in a session of its own and ready before anything is frozen. Whoever takes the mark away thaws.
    # shellcheck disable=SC2016 # for the inner shell
    setsid sh -c '
        seconds=$1 mark=$2
        shift 2
        while [ "$seconds" -gt 0 ] && [ -e "$mark" ]; do
            sleep 1
            seconds=$((seconds - 1))
        done
        rm "$mark" 2>/dev/null && for point; do fsfreeze --unfreeze "$point"; done
    ' watch "$seconds" "$mark" "$@" >/dev/null 2>&1 </dev/null 8<&- &
    trap 'rm "$mark" 2>/dev/null && thaw_all "$@" 2>/dev/null; exit 79' HUP INT TERM PIPE
    count=0
    for point; do
        why=$(fsfreeze --freeze "$point" 2>&1) && count=$((count + 1)) && continue
        rm "$mark" 2>/dev/null && thaw_all "$@" 2>/dev/null
        fail 79 "$why"
    done
    tell frozen "$count"
    while read -r _; do :; done
    if rm "$mark" 2>/dev/null; then
        thaw_all "$@"
        tell held 1
    fi
}

main "$@"
