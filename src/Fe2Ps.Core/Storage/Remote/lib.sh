# What the scripts of this folder share. Each is one command line for a root shell: lib.sh, the script, its arguments.
# Standard output carries "word value" lines for the caller, standard error the reason of a failure.
# shellcheck shell=sh
umask 022
LC_ALL=C
export LC_ALL
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export PATH

say() { printf '%s\n' "$*" >&2; }

tell() { printf '%s %s\n' "$1" "$2"; }

# fail CODE TEXT
fail() {
    code=$1
    shift
    say "$*"
    exit "$code"
}

# by_serial SERIAL: the device with this EBS serial, the volume's id without its dash. Instances built on Nitro show volumes
# as NVMe devices in an order of their own; the serial alone tells them apart.
by_serial() {
    link=/dev/disk/by-id/nvme-Amazon_Elastic_Block_Store_$1
    if [ -b "$link" ]; then
        readlink -f "$link"
        return 0
    fi
    for file in /sys/class/block/*/device/serial /sys/class/block/*/serial; do
        [ -r "$file" ] || continue
        [ "$(tr -d ' \n-' < "$file" 2>/dev/null)" = "$1" ] || continue
        block=${file#/sys/class/block/}
        block=/dev/${block%%/*}
        if [ -b "$block" ]; then
            printf '%s\n' "$block"
            return 0
        fi
    done
    return 1
}

# by_name DEVICE: on Xen the device has the name under which it was attached; the kernel says xvd for sd.
by_name() {
    short=${1#/dev/}
    for name in "$short" "xvd${short#sd}"; do
        if [ -b "/dev/$name" ]; then
            readlink -f "/dev/$name"
            return 0
        fi
    done
    return 1
}

# find_disk SERIAL DEVICE SECONDS: sets disk and its number. A volume that was attached a moment ago needs a moment to appear.
find_disk() {
    tries=$(($3 * 5))
    until disk=$(by_serial "$1") || disk=$(by_name "$2"); do
        tries=$((tries - 1))
        [ "$tries" -gt 0 ] || return 1
        sleep 0.2
    done
    disk_number=$(number_of "$disk")
}

# number_of DEVICE: major:minor, as the kernel's lists have it.
number_of() {
    hex=$(stat -L -c '%t:%T' "$1") || return 1
    printf '%d:%d\n' "0x${hex%:*}" "0x${hex#*:}"
}

# partitions: the numbers of the disk's partitions.
partitions() {
    for part in "/sys/dev/block/$disk_number"/*/partition; do
        [ -r "$part" ] && cat "${part%/partition}/dev"
    done
    return 0
}

# device_of NUMBER: the disk, or a partition, which stands beside its disk by whatever name that has on this machine.
device_of() {
    if [ "$1" = "$disk_number" ]; then
        printf '%s\n' "$disk"
        return 0
    fi
    place=$(cat "/sys/dev/block/$1/partition" 2>/dev/null)
    for name in "${disk}p$place" "$disk$place" "/dev/$(sed -n 's/^DEVNAME=//p' "/sys/dev/block/$1/uevent" 2>/dev/null)"; do
        if [ -b "$name" ] && [ "$(number_of "$name")" = "$1" ]; then
            printf '%s\n' "$name"
            return 0
        fi
    done
    return 1
}

# plain: mount points as they are written in the kernel's lists, in plain text (proc_pid_mountinfo(5)).
plain() { printf '%b' "$(printf '%s' "$1" | sed 's/\\\([0-7][0-7][0-7]\)/\\0\1/g')"; }

# mounts_of NUMBER DEVICE [FILE]: where it is mounted, the latest first, as the kernel writes it. Some file systems have a number
# of their own; they name their device.
mounts_of() {
    awk -v number="$1" -v device="$2" '{
        for (i = 7; i <= NF; i++) if ($i == "-") break
        if ($3 == number || $(i + 2) == device) at[++n] = $5
    } END { for (; n > 0; n--) print at[n] }' "${3:-/proc/self/mountinfo}" 2>/dev/null
}

# disk_mounts: where anything of the disk is mounted.
disk_mounts() {
    mounts_of "$disk_number" "$disk"
    for part in $(partitions); do
        mounts_of "$part" "$(device_of "$part")"
    done
}

# mounted_number PATH: the number of what is mounted on exactly this path.
mounted_number() {
    while read -r _ _ number _ point _; do
        case $point in
            *\\*) point=$(plain "$point") ;;
        esac
        [ "$point" = "$1" ] && last=$number
    done < /proc/self/mountinfo
    printf '%s\n' "${last-}"
    last=
}

# holders: what the kernel builds on the disk or its partitions: LVM, RAID, encryption.
holders() {
    for number in $disk_number $(partitions); do
        for holder in "/sys/dev/block/$number/holders"/*; do
            [ -e "$holder" ] && basename "$holder"
        done
    done
    awk -v disk="$disk" 'index($1, disk) == 1 { print "swap" }' /proc/swaps 2>/dev/null
    return 0
}

# lock_disk SECONDS: for the rest of this script nobody else decides about this disk, neither another of these scripts nor udev,
# which honours a lock on the device itself (https://systemd.io/BLOCK_DEVICE_LOCKING). Mkfs inherits it and keeps it whatever
# becomes of this shell.
lock_disk() {
    exec 8< "$disk" || return 1
    flock -x -w "$1" 8
}

# lock_points SECONDS: for the rest of this script nobody else decides about mount points or fstab.
lock_points() {
    mkdir -p /run/lock
    exec 9> /run/lock/fe2-mount.lock || return 1
    flock -x -w "$1" 9
}

# edit_fstab ID [LINE]: takes out the line that was written for a volume, puts LINE in. Atomic; other lines stay as they are.
edit_fstab() {
    fstab=$(readlink -f /etc/fstab) || return 1
    [ -e "$fstab" ] || : > "$fstab" || return 1
    rm -f "$fstab.fe2-new"
    awk -v mark="x-fe2.volume=$1" '{
        n = split($4, options, ",")
        ours = 0
        for (i = 1; i <= n; i++) if (options[i] == mark && $1 !~ /^#/) ours = 1
        if (!ours) print
    }' "$fstab" > "$fstab.fe2-new" || return 1
    if [ -n "${2-}" ]; then
        printf '%s\n' "$2" >> "$fstab.fe2-new" || return 1
    fi
    if cmp -s "$fstab" "$fstab.fe2-new"; then
        rm -f "$fstab.fe2-new"
        return 0
    fi
    chmod --reference="$fstab" "$fstab.fe2-new" && sync "$fstab.fe2-new" && mv -f "$fstab.fe2-new" "$fstab" || return 1
    if [ -d /run/systemd/system ]; then
        systemctl daemon-reload >/dev/null 2>&1
    fi
    return 0
}

# grow TYPE DEVICE MOUNT-POINT: lets a mounted file system take all of its device. What fills it already is no failure.
# Says why when it does not.
grow() {
    # shellcheck disable=SC2069 # what is said on standard error alone
    case $1 in
        ext2 | ext3 | ext4) resize2fs "$2" 8<&- 9>&- ;;
        xfs) xfs_growfs -d "$3" ;;
        btrfs) btrfs filesystem resize max "$3" ;;
        *) say "a file system of type $1 cannot grow"; return 1 ;;
    esac 2>&1 >/dev/null
}

# grow_partition DEVICE: lets the last partition take the rest of the disk. Code 80 says that another one is in the way.
grow_partition() {
    [ "$1" != "$disk" ] || return 0
    own=/sys/dev/block/$(number_of "$1")
    index=$(cat "$own/partition") && start=$(cat "$own/start") && size=$(cat "$own/size") || return 1
    end=0 next=
    for part in "/sys/dev/block/$disk_number"/*/partition; do
        part=${part%/partition}
        from=$(cat "$part/start") && to=$((from + $(cat "$part/size"))) || return 1
        [ "$to" -le "$end" ] || end=$to
        [ "$from" -le "$start" ] || next=$(cat "$part/partition")
    done
    # In sectors of 512 bytes, as all of these. What is below a MiB is the second copy of a GPT, and alignment.
    [ $(($(blockdev --getsz "$disk") - end)) -gt 2048 ] || return 0
    if [ -n "$next" ]; then
        say "partition $index cannot grow: partition $next comes behind it, and the new room is behind that"
        return 80
    fi
    if command -v growpart >/dev/null; then
        # It takes the lock on the disk itself. Exit code 1 says that there was nothing to do.
        flock -u 8
        out=$(growpart "$disk" "$index" 2>&1 8<&-)
        grown=$?
        flock -x -w 60 8
        [ "$grown" -le 1 ] || { say "$out"; return 1; }
    elif command -v sfdisk >/dev/null; then
        out=$(printf ', +\n' | sfdisk --no-reread --no-tell-kernel -N "$index" "$disk" 2>&1) || { say "$out"; return 1; }
        partx -u --nr "$index" "$disk" 2>/dev/null || { say "the kernel keeps the old size of $1"; return 1; }
    else
        say "neither growpart (cloud-guest-utils) nor sfdisk (fdisk) is here"
        return 1
    fi
    [ "$(cat "$own/size")" -gt "$size" ] || { say "partition $index did not grow: its table has no room for more"; return 1; }
}
