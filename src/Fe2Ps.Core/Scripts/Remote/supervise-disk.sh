# One volume in the hands of the supervisor: what EC2 says of it, attached and mounted, set free. Included by supervise-volume.
# The rules are those of VolumeMounter, VolumeStates and GuestDisk.
# shellcheck shell=sh disable=SC2034,SC2154 # of open_job and of supervise-move; what those read
# trouble WHY: what may go better the next time; until then it is what people have to know.
trouble() {
    say "fe2: $*"
    put "$private/supervise.note" "$*"
    return 1
}

# listed: the volumes of the answer to DescribeVolumes, one a line: id, state, zone, size, type, operations and MiB a second, whether it
# is encrypted; of its attachment the instance, the device and the state. "-" for what is not there.
listed() {
    lines | awk '
        function text() { gsub(/<[^>]*>/, ""); return $0 == "" ? "-" : $0 }
        /^<item>$/ {
            if (++depth == 1) { id = ""; state = zone = size = type = operations = rate = encrypted = holder = device = attached = "-" }
            if (depth == 2) by = at = how = "-"
            next
        }
        /^<\/item>$/ {
            if (depth == 2 && by != "-" && how != "detached") { holder = by; device = at; attached = how }
            if (depth == 1 && id != "") print id, state, zone, size, type, operations, rate, encrypted, holder, device, attached
            depth--
            next
        }
        depth == 1 && /^<volumeId>vol-[0-9a-f]+</ { id = text(); next }
        depth == 1 && /^<status>[a-z-]+</ { state = text(); next }
        depth == 1 && /^<availabilityZone>[a-z0-9-]+</ { zone = text(); next }
        depth == 1 && /^<size>[0-9]+</ { size = text(); next }
        depth == 1 && /^<volumeType>[a-z0-9]+</ { type = text(); next }
        depth == 1 && /^<iops>[0-9]+</ { operations = text(); next }
        depth == 1 && /^<throughput>[0-9]+</ { rate = text(); next }
        depth == 1 && /^<encrypted>[a-z]+</ { encrypted = text(); next }
        depth == 2 && /^<instanceId>i-[0-9a-f]+</ { by = text(); next }
        depth == 2 && /^<device>[a-z0-9\/]+</ { at = text(); next }
        depth == 2 && /^<status>[a-z]+</ { how = text(); next }'
}

# snapshots: of the answer to DescribeSnapshots: id, state, size, and when it was taken, one a line, the newest first.
snapshots() {
    lines | awk '
        function text() { gsub(/<[^>]*>/, ""); return $0 }
        /^<item>$/ { if (++depth == 1) { id = ""; state = size = taken = "-" } next }
        /^<\/item>$/ { if (depth-- == 1 && id != "") print id, state, size, taken; next }
        depth != 1 { next }
        /^<snapshotId>snap-[0-9a-f]+</ { id = text() }
        /^<status>[a-z]+</ { state = text() }
        /^<volumeSize>[0-9]+</ { size = text() }
        /^<startTime>[0-9TZ:.-]+</ { taken = text() }' | sort -r -k 4
}

# look VOLUME: sets v_state and the rest as listed has it; "gone" for one that EC2 does not know any more.
look() {
    v_state=gone
    if call "$(plan volume-look)" VOLUME "$1"; then
        read -r _ v_state v_zone v_size v_type v_operations v_rate v_encrypted v_holder v_device v_attached <<SEEN
$(listed)
SEEN
        : "${v_state:=gone}"
    else
        [ "$problem" = InvalidVolume.NotFound ]
    fi
}

# is_lost: after look, whether there is nothing (any more) that could be mounted.
is_lost() {
    case $v_state in
        gone | deleting | deleted | error) ;;
        *) return 1 ;;
    esac
}

# disk ADDRESS ALIAS SECONDS SCRIPT ARGUMENT...: one of the scripts that the module itself calls on machines with volumes, as root.
disk() {
    far=$1
    whose=$2
    seconds=$3
    disk_script=$4
    shift 4
    words=
    for word; do words="$words $(quoted "$word")"; done
    reach "$far" "$whose" "as='sudo -n'; [ \"\$(id -u)\" != 0 ] || as=; exec \$as timeout $seconds sh -c $(quoted "$(text "disk-$disk_script")") fe2-$disk_script$words"
}

# serial VOLUME: as the machine that has it sees it.
serial() { printf 'vol%s' "${1#vol-}"; }

# dismount: everything is written out on the machine that has it, as far as that still answers. Before this nothing of the job runs there
# any more. Sets nothing.
dismount() {
    before=$address
    if describe "$v_holder"; then
        case $state in
            running) disk "$address" "$v_holder" 90 dismount "$(serial "$1")" "$v_device" "$1" 1 </dev/null >/dev/null ;;
            stopped) ;;
            *) false ;;
        esac
    else
        false
    fi
    dismounted=$?
    address=$before
    return $dismounted
}

# set_free VOLUME: until nothing has it any more. From a machine that does not answer, or is ending, it is taken.
set_free() {
    was_asked=
    tries_free=0
    free_by=$(($(date +%s) + 600))
    while :; do
        look "$1" || { trouble "the volume $1 cannot be looked at: $problem"; return 1; }
        ! is_lost || { trouble "the volume $1 is $v_state"; return 1; }
        if [ "$v_holder" = - ]; then
            [ "$v_state" != available ] || return 0
        elif [ -z "$was_asked" ]; then
            was_asked=1
            if dismount "$1"; then
                call "$(plan volume-detach)" VOLUME "$1" || say "fe2: $1: $problem"
            fi
            continue
        elif [ "$v_attached" != detaching ] || [ $tries_free = 10 ]; then
            call "$(plan volume-take)" VOLUME "$1" || say "fe2: $1: $problem"
        fi
        tries_free=$((tries_free + 1))
        [ "$(date +%s)" -lt "$free_by" ] || { trouble "the volume $1 does not get free of $v_holder"; return 1; }
        sleep 1
    done
}

# devices: the free names for a volume on the present machine (DeviceNames).
devices() {
    used=" $(lines | sed -n 's,^<deviceName>/dev/\(.*\)</deviceName>$,\1,p' | sed 's/^xvd//; s/^sd//' | tr '\n' ' ') "
    for letter in f g h i j k l m n o p; do
        case $used in *" $letter "*) ;; *) printf '/dev/sd%s\n' $letter ;; esac
    done
    for first in b c d; do
        for letter in a b c d e f g h i j k l m n o p q r s t u v w x y z; do
            case $used in *" $first$letter "*) ;; *) printf '/dev/xvd%s%s\n' $first $letter ;; esac
        done
    done
}

# attach VOLUME: to the present machine. Returns when it is.
attach() {
    attach_by=$(($(date +%s) + 600))
    ordered=
    while :; do
        fresh=1
        look "$1"
        looked=$?
        fresh=
        if [ $looked != 0 ] || is_lost; then
            trouble "the volume $1 is $v_state${problem:+ ($problem)}; an encrypted one fails where its key cannot be used"
            return 1
        fi
        [ "$v_holder" != "$instance" ] || [ "$v_attached" != attached ] || return 0
        [ "$v_holder" = - ] || [ "$v_holder" = "$instance" ] || { trouble "the volume $1 is attached to $v_holder"; return 1; }
        if [ -z "$ordered" ] && [ "$v_state" = available ]; then
            before=$address
            describe "$instance" || { trouble "EC2 does not say how $instance is: $problem"; return 1; }
            address=$before
            for device in $(devices); do
                ordered=1
                call "$(plan volume-attach)" VOLUME "$1" INSTANCE "$instance" DEVICE "$(encoded "$device")" && break
                case $problem in
                    # Somebody else took this name meanwhile.
                    InvalidParameterValue) element Message | grep -q 'already in use' || break ;;
                    *) break ;;
                esac
            done
            [ -n "$ordered" ] || { trouble "$instance has no device name left for the volume $1"; return 1; }
            case $problem in
                # The order may have arrived although its answer was lost.
                '' | VolumeInUse | IncorrectState) ;;
                *) trouble "the volume $1 cannot be attached to $instance: $problem"; return 1 ;;
            esac
        fi
        [ "$(date +%s)" -lt "$attach_by" ] || { trouble "the volume $1 does not get attached to $instance"; return 1; }
        sleep 0.5
    done
}

# mount_disk VOLUME: where the script expects it, on the present machine, with the file system that it had. Mounted already: looks only.
mount_disk() {
    attach "$1" || return 1
    disk "$address" "$instance" 3600 mount "$(serial "$1")" "$v_device" "$1" "$point" none 0 0 "$persists" 60 </dev/null >/dev/null
    case $? in
        0) ;;
        78) say "fe2: the next start of $instance does not mount $1" ;;
        *) trouble "the volume $1 cannot be mounted on $instance"; return 1 ;;
    esac
    found=$(disk "$address" "$instance" 60 where "$(serial "$1")" "$v_device" "$1" </dev/null)
    case $found in
        "type $system
"*"
point $point") ;;
        *) trouble "the volume $1 is not on $point of $instance as it was before" ;;
    esac
}

# await_snapshot SNAPSHOT: waits for it, for as long as it takes and the machine that waits for it is there.
await_snapshot() {
    polls=0
    pause_polls=1
    while :; do
        fresh=1
        call "$(plan snapshot)" SNAPSHOT "$1" || { fresh=; trouble "the snapshot $1 cannot be looked at: $problem"; return 1; }
        fresh=
        read -r _ s_state s_size _ <<SEEN
$(snapshots)
SEEN
        case $s_state in
            completed) return 0 ;;
            error) trouble "the snapshot $1 failed"; return 1 ;;
        esac
        polls=$((polls + 1))
        if [ $((polls % 10)) = 0 ]; then
            before=$address
            if describe "$instance" && [ "$state" != running ]; then
                return 1
            fi
            address=$before
        fi
        sleep $pause_polls
        [ $pause_polls -ge 10 ] || [ $polls -lt 10 ] || pause_polls=$((pause_polls + 1))
    done
}
