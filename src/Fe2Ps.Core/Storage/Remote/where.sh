# where SERIAL DEVICE ID: where a volume is mounted, with which file system, and whether each start of the machine mounts it.
main() {
    find_disk "$1" "$2" 5 || fail 64 "no device with the serial $1"
    for number in $disk_number $(partitions); do
        one=$(device_of "$number") || continue
        raw=$(mounts_of "$number" "$one" | tail -n 1)
        [ -n "$raw" ] || continue
        tell type "$(blkid -p -o value -s TYPE "$one" 2>/dev/null)"
        tell persists "$(grep -qF "x-fe2.volume=$3" /etc/fstab 2>/dev/null && echo 1 || echo 0)"
        # Last, since it may hold anything but a newline.
        tell point "$(plain "$raw")"
        return 0
    done
    tell unmounted 1
}

main "$@" </dev/null
