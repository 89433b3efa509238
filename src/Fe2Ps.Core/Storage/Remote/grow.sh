# grow SERIAL DEVICE BYTES: lets partition and file system take all of a volume that has grown, while it is in use.
# BYTES is the volume's new size; the kernel sees it a moment later.
main() {
    find_disk "$1" "$2" 5 || fail 64 "no device with the serial $1"
    lock_disk 600 || fail 75 "a mount of this volume is under way and does not end"
    tries=150
    until [ "$(blockdev --getsize64 "$disk")" -ge "$3" ]; do
        tries=$((tries - 1))
        [ "$tries" -gt 0 ] || fail 74 "the machine does not see the new size: $(blockdev --getsize64 "$disk") bytes"
        sleep 0.2
    done
    in_the_way=
    for number in $disk_number $(partitions); do
        one=$(device_of "$number") || continue
        raw=$(mounts_of "$number" "$one" | tail -n 1)
        [ -n "$raw" ] || continue
        point=$(plain "$raw")
        why=$(grow_partition "$one" 2>&1)
        case $? in
            0) ;;
            80)
                in_the_way="$point: $why"
                continue
                ;;
            *) fail 74 "$point: $(printf '%s' "$why" | tr '\n' ' ')" ;;
        esac
        type=$(blkid -p -o value -s TYPE "$one")
        why=$(grow "$type" "$one" "$point") || fail 74 "$point: $(printf '%s' "$why" | tr '\n' ' ')"
        sync -f "$point" 2>/dev/null
        tell bytes "$(($(stat -f -c '%b * %S' "$point")))"
        tell point "$point"
        return 0
    done
    [ -z "$in_the_way" ] || fail 80 "$in_the_way"
    tell unmounted 1
}

main "$@" </dev/null
