# mount SERIAL DEVICE ID POINT TYPE UID GID PERSIST SECONDS: mounts a volume, formatted first when it is blank.
# POINT may be empty: where it is already, else the first free one of /mnt/fe2_disk, /mnt/fe2_disk2, ...

# nothing_in DEVICE: whether the first MiB is there and all zeros.
nothing_in() {
    [ "$(head -c 1048576 "$1" | wc -c)" = 1048576 ] && [ "$(head -c 1048576 "$1" | tr -d '\000' | wc -c)" = 0 ]
}

# is_blank: whether the disk holds nothing at all. Every doubt counts as data.
is_blank() {
    blockdev --flushbufs "$disk" 2>/dev/null
    [ -z "$(partitions)" ] && [ -z "$(holders)" ] && [ -z "$(disk_mounts)" ] || return 1
    found=$(blkid -p "$disk" 2>&1)
    [ $? = 2 ] && [ -z "$found" ] && nothing_in "$disk"
}

# type_of DEVICE: the file system on it.
type_of() { blkid -p -o value -s TYPE "$1" 2>/dev/null; }

format() {
    command -v "mkfs.$type" >/dev/null || fail 70 "mkfs.$type is not installed"
    # The last look, under the lock: nothing has the disk between this and mkfs, which itself takes no disk that is in use.
    is_blank || fail 65 "it is not blank any more"
    tell formatting "$type"
    out=$("mkfs.$type" -q "$disk" 2>&1 </dev/null) || fail 71 "mkfs.$type: $out"
    sync
    [ "$(type_of "$disk")" = "$type" ] || fail 71 "the new file system cannot be read back"
    fresh=1
    device=$disk
}

# await_partitions: a disk that has just come shows its partitions a moment later than itself.
await_partitions() {
    tries=10
    while [ -z "$(partitions)" ] && [ -n "$(blkid -p -o value -s PTTYPE "$disk" 2>/dev/null)" ]; do
        tries=$((tries - 1))
        [ "$tries" -gt 0 ] || return 0
        sleep 0.2
    done
}

# choose: sets device and type to what can be mounted. A disk may hold one file system, or a partition that does.
choose() {
    type=$(type_of "$disk")
    device=$disk
    [ -n "$type" ] && return 0
    await_partitions
    candidates=
    for part in $(partitions); do
        one=$(device_of "$part") || continue
        case $(type_of "$one") in
            '' | swap | *_member | crypto_LUKS) ;;
            *) candidates="$candidates $one" ;;
        esac
    done
    # shellcheck disable=SC2086 # device names hold no spaces
    set -- $candidates
    case $# in
        1)
            device=$1
            type=$(type_of "$1")
            ;;
        0) return 1 ;;
        *) fail 77 "it has several file systems ($*)" ;;
    esac
}

# is_free PATH: whether something may be mounted there without hiding anything.
is_free() {
    [ -z "$(mounted_number "$1")" ] || return 1
    [ ! -e "$1" ] || { [ -d "$1" ] && [ -z "$(ls -A "$1")" ]; }
}

pick_point() {
    point=/mnt/fe2_disk
    next=2
    until is_free "$point"; do
        point=/mnt/fe2_disk$next
        next=$((next + 1))
        [ "$next" -lt 1000 ] || fail 66 "no free mount point below /mnt"
    done
}

check_point() {
    point=$(readlink -m "$point")
    at=$(mounted_number "$point")
    [ -z "$at" ] || fail 66 "$point is the mount point of $(device_of "$at" || printf 'another device, %s' "$at")"
    [ ! -e "$point" ] || [ -d "$point" ] || fail 66 "$point is not a folder"
    is_free "$point" || fail 67 "$point is not empty"
    if [ "$persist" = 1 ]; then
        line_point=$(escaped "$point")
        POINT=$line_point awk -v mark="x-fe2.volume=$id" '$1 !~ /^#/ && $2 == ENVIRON["POINT"] && index($4, mark) == 0 { found = 1 } END { exit !found }' /etc/fstab 2>/dev/null \
            && fail 66 "/etc/fstab has a line for $point already"
    fi
}

# escaped PATH: as fstab(5) wants it.
escaped() { printf '%s' "$1" | sed 's/\\/\\134/g; s/ /\\040/g; s/\t/\\011/g'; }

# own_uuid: a volume made from a snapshot has the UUID of the one that it was taken of. Where both are on one machine, this one
# gets another, so that UUID means one of them alone.
own_uuid() {
    uuid=$(blkid -p -o value -s UUID "$device" 2>/dev/null)
    [ -n "$uuid" ] || return 0
    for other in $(blkid -c /dev/null -t "UUID=$uuid" -o device 2>/dev/null); do
        [ "$(number_of "$other")" != "$(number_of "$device")" ] || continue
        tell note "it gets a UUID of its own: $other has the same"
        case $type in
            ext2 | ext3 | ext4)
                e2fsck -fp "$device" >/dev/null 2>&1 </dev/null
                [ $? -le 1 ] && tune2fs -U random "$device" >/dev/null 2>&1 </dev/null
                ;;
            xfs) new_xfs_uuid ;;
            *) false ;;
        esac || fail 69 "$other has the same UUID, and it cannot be changed"
        return 0
    done
}

# new_xfs_uuid: a log that was not written out is played by mounting.
new_xfs_uuid() {
    place=$(mktemp -d /run/fe2-mount.XXXXXX) || return 1
    mount -t xfs -o nouuid "$device" "$place" 8<&- 9>&- && umount "$place" && xfs_admin -U generate "$device" >/dev/null 2>&1 8<&- </dev/null
    done=$?
    rmdir "$place"
    return "$done"
}

# grow_apart: where the kernel does not let it grow while it is mounted.
grow_apart() {
    case $type in
        ext2 | ext3 | ext4) ;;
        *) return 1 ;;
    esac
    umount "$point" || return 1
    e2fsck -fp "$device" >/dev/null 2>&1 </dev/null
    [ $? -le 1 ] && resize2fs "$device" >/dev/null 2>&1 </dev/null
    mount -t "$type" "$device" "$point" 8<&- 9>&- || fail 69 "it cannot be mounted again"
}

grow_all() {
    if why=$(grow_partition "$device" 2>&1); then
        why=$(grow "$type" "$device" "$point") && return 0
        if grow_apart; then
            why=$(grow "$type" "$device" "$point") && return 0
        fi
    fi
    tell note "its file system did not grow to the size of the volume: $(printf '%s' "$why" | tr '\n' ' ')"
}

# where_mounted: sets device and point when it is mounted already.
where_mounted() {
    for number in $disk_number $(partitions); do
        one=$(device_of "$number") || one=$disk
        raw=$(mounts_of "$number" "$one" | tail -n 1)
        [ -n "$raw" ] || continue
        device=$one
        point=$(plain "$raw")
        return 0
    done
    return 1
}

# describe: what is in the way of formatting.
describe() {
    found=$(blkid -p "$disk" 2>&1 | head -n 1 | sed 's/^[^:]*: //')
    printf 'it holds %s' "${found:-data without a file system that is known here}"
}

mount_it() {
    held=$(holders | tr '\n' ' ')
    [ -z "$held" ] || fail 76 "it is in use by ${held% }"
    if ! choose; then
        type=$wish
        is_blank || fail 65 "$(describe)"
        format
    fi
    case $type in
        swap | *_member | crypto_LUKS) fail 65 "it holds $type" ;;
    esac
    [ "$fresh" = 1 ] || own_uuid
    lock_points 60 || fail 75 "another mount on this machine does not end"
    if [ -n "$point" ]; then check_point; else pick_point; fi
    made=0
    if [ ! -d "$point" ]; then
        mkdir -p "$point" || fail 66 "$point cannot be made"
        made=1
    fi
    if ! why=$(mount -t "$type" "$device" "$point" 2>&1 8<&- 9>&-); then
        [ "$made" = 0 ] || rmdir "$point"
        fail 69 "$why"
    fi
    if [ "$fresh" = 1 ]; then
        chown "$user:$group" "$point"
    else
        grow_all
    fi
}

main() {
    id=$3 point=$4 wish=$5 user=$6 group=$7 persist=$8 fresh=0 wanted=$4
    find_disk "$1" "$2" "$9" || fail 64 "no device with the serial $1 appeared"
    lock_disk 600 || fail 75 "another mount of this volume is under way and does not end"
    if where_mounted; then
        [ -z "$wanted" ] || [ "$(readlink -m "$wanted")" = "$point" ] || fail 68 "it is mounted on $point"
        type=$(type_of "$device")
    else
        mount_it
    fi
    if [ "$persist" = 1 ]; then
        lock_points 60 || fail 75 "another mount on this machine does not end"
        uuid=$(blkid -p -o value -s UUID "$device" 2>/dev/null)
        [ -n "$uuid" ] || fail 78 "its file system has no UUID"
        pass=0
        case $type in ext*) pass=2 ;; esac
        edit_fstab "$id" "UUID=$uuid $(escaped "$point") $type defaults,nofail,x-fe2.volume=$id 0 $pass" || fail 78 "/etc/fstab cannot be written"
    fi
    sync -f "$point" 2>/dev/null
    tell formatted "$fresh"
    tell type "$type"
    tell bytes "$(($(stat -f -c '%b * %S' "$point")))"
    # Last, since it may hold anything but a newline.
    tell point "$point"
}

main "$@" </dev/null
