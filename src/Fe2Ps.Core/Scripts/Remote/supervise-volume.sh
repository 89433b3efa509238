# How the supervisor brings a job's data volumes to its next machine. Included by supervise-move. The rules, and what is left where it
# ends half-way, are those of JobVolumeMove: the volume itself within its zone, a copy of it in another; what is superseded goes only
# when its successor is mounted, looked at and written down.
# The file volumes has a line for each, in the order in which they are mounted: what it is called as long as the job lives, the volume
# that stands for it now, its zone. The plan has a line of the same key: whether each start of the machine mounts it, whether it would
# have ended with the machine, its file system, and in base64 where it is mounted.
# shellcheck shell=sh disable=SC2034,SC2154 # of open_job and of supervise-move; what it reads
# shellcheck source=supervise-disk.sh
. "$HOME/.fe2/supervise-disk"
volumes=$private/volumes

# of_job KEY: prints the volumes that stand or stood for one of the job's, after the call.
of_job() { listed | awk '$2 !~ /^(deleting|deleted|error)$/'; }

# save: a snapshot of each volume is begun while the machine that is going still has them, its file system held still for that moment.
# It is there in case the volume itself should be lost, and makes a copy for another zone quick. Never fails. Runs beside the search for
# another machine, with files of its own.
save() {
    form=$private/save.form
    answer=$private/save.answer
    patience=3
    while read -r slot volume _; do
        save_one </dev/null || say "fe2: no snapshot of $volume could be taken now ($problem); the volume itself outlives its machine"
    done < "$volumes"
    rm -f "$form" "$answer" "$private/still" "$private/still.said"
}

save_one() {
    problem=
    look "$volume" && [ "$v_holder" = "$instance" ] || return 0
    call "$(plan snapshots-of)" KEY "$slot" || return 1
    # Somebody else may have taken it already.
    ! lines | grep -A 1 '^<key>fe2:saved-of</key>$' | grep -qx "<value>$number</value>" || return 0
    rm -f "$private/still" "$private/still.said"
    mkfifo -m 600 "$private/still" || return 1
    # The file system is let go when the input ends, which is when nobody has the pipe open any more.
    exec 5<>"$private/still"
    disk "$address" "$instance" 60 freeze "$(serial "$volume")" "$v_device" 15 <"$private/still" >"$private/still.said" 5>&- &
    freezing=$!
    until grep -qE '^(frozen|unmounted|system) ' "$private/still.said" 2>/dev/null || ! kill -0 $freezing 2>/dev/null; do
        sleep 0.1
    done
    taken=
    if grep -qE '^(frozen|unmounted|system) ' "$private/still.said" 2>/dev/null \
        && call "$(plan "volume-save-$slot")" VOLUME "$volume" ATTEMPT "$number" TOKEN "$(plan token)-$number-$(date +%s)"; then
        taken=$(element snapshotId)
        # Until it is known to be whole.
        put "$private/save.taken" "$taken"
    fi
    exec 5>&-
    wait $freezing
    if [ -n "$taken" ] && grep -qE '^(held|unmounted|system) ' "$private/still.said"; then
        rm -f "$private/save.taken"
        say "fe2: $taken of $volume is being taken"
        return 0
    fi
    # EC2 took longer to answer than the file system may be held still: it may be half written.
    end_unproven
    return 1
}

# end_unproven: a snapshot of which nobody knows whether the file system was held still.
end_unproven() {
    [ -s "$private/save.taken" ] || return 0
    call "$(plan snapshot-remove)" SNAPSHOT "$(head -n 1 "$private/save.taken")" || say "fe2: $(cat "$private/save.taken") may be half written: $problem"
    rm -f "$private/save.taken"
}

# begin_saving, end_saving: around the search for another machine. A machine that has a minute to live is not asked for longer than this.
begin_saving() {
    saving=
    [ -s "$volumes" ] && [ "$state" = running ] || return 0
    saved_by=$(($(date +%s) + 60))
    save 8>&- &
    saving=$!
}

end_saving() {
    [ -n "$saving" ] || return 0
    while kill -0 "$saving" 2>/dev/null && [ "$(date +%s)" -lt "$saved_by" ]; do
        sleep 0.5
    done
    kill "$saving" 2>/dev/null
    wait "$saving" 2>/dev/null
    saving=
    end_unproven
}

# copy SNAPSHOT [WORDS]: a volume of it in the present machine's zone, mounted; WORDS are what the request says of its kind beside what
# the plan says. Sets volume. What could not be mounted is removed again: it was made for that alone.
copy() {
    await_snapshot "$1" || return 1
    call "$(plan "volume-copy-$slot")${2-&VolumeType=gp3&Size=$s_size}" \
        TOKEN "$(plan token)-v$number-$(date +%s)" SNAPSHOT "$1" ZONE "$zone" || { trouble "EC2 refuses a volume of $1: $problem"; return 1; }
    volume=$(element volumeId)
    say "fe2: $volume is made of $1 in $zone"
    mount_disk "$volume" && return 0
    unmounted=$volume
    if set_free "$unmounted"; then
        call "$(plan volume-remove)" VOLUME "$unmounted" || say "fe2: $unmounted is left: $problem"
    fi
    return 1
}

# kind: after look, what makes a copy like the volume.
kind() {
    printf '&VolumeType=%s&Size=%s' "$v_type" "$v_size"
    case $v_type in gp3 | io1 | io2) [ "$v_operations" = - ] || printf '&Iops=%s' "$v_operations" ;; esac
    [ "$v_type" != gp3 ] || [ "$v_rate" = - ] || printf '&Throughput=%s' "$v_rate"
    [ "$v_encrypted" != true ] || printf '&Encrypted=true'
}

# bring_one: the volume of key, to the present machine. Sets volume, the one that stands for it from now on.
bring_one() {
    call "$(plan volumes-of)" KEY "$slot" || { trouble "the volume $volume cannot be looked for: $problem"; return 1; }
    here=$(of_job | awk -v i="$instance" '$9 == i { print $1; exit }')
    if [ -n "$here" ]; then
        # Somebody came as far as this before.
        volume=$here
        mount_disk "$volume"
        return
    fi
    look "$volume" || { trouble "the volume $volume cannot be looked at: $problem"; return 1; }
    if ! is_lost; then
        if [ "$v_holder" != - ] && ! awk -v i="$v_holder" '$2 == i { found = 1 } END { exit !found }' "$attempts"; then
            # Another job on the same machine had it mounted too, and was faster. Its file system can be held still from there only.
            give_up "the volume $volume is used by $v_holder, a machine of another job; a computer that waits can copy it"
        fi
        set_free "$volume" || return 1
        if [ "$v_zone" = "$zone" ]; then
            mount_disk "$volume"
            return
        fi
        like=$(kind)
        call "$(plan "volume-save-$slot")" VOLUME "$volume" ATTEMPT "$number" TOKEN "$(plan token)-$number-$(date +%s)" \
            || { trouble "EC2 refuses a snapshot of $volume: $problem"; return 1; }
        made=$(element snapshotId)
        copy "$made" "$like" && return
        # It was made for that alone; the next try makes its own.
        call "$(plan snapshot-remove)" SNAPSHOT "$made" || say "fe2: $made is left and costs money: $problem"
        return 1
    fi
    call "$(plan snapshots-of)" KEY "$slot" || { trouble "the snapshots of $volume cannot be looked for: $problem"; return 1; }
    newest=$(snapshots | awk '$2 != "error" { print $1; exit }')
    [ -n "$newest" ] || give_up "the volume $volume is gone, and there is no snapshot of it"
    say "fe2: $volume is gone; the job goes on with what $newest holds"
    copy "$newest"
}

# end_superseded: of key, what came before, and what somebody made on the way who did not get to its end. Never fails. With
# -KeepVolume it stays as the volume of a machine that is gone: by the job's tags, under a name of its own.
end_superseded() {
    if call "$(plan volumes-of)" KEY "$slot"; then
        for old in $(of_job | awk -v now="$volume" '$1 != now && $9 == "-" { print $1 }'); do
            if [ "$(plan keep-volume)" = 1 ]; then
                call "$(plan "volume-keep-$slot")" VOLUME "$old" NUMBER $((number - 1)) && call "$(plan volume-kept)" VOLUME "$old"
            else
                call "$(plan volume-remove)" VOLUME "$old" || [ "$problem" = InvalidVolume.NotFound ]
            fi || say "fe2: $old is left and costs money: $problem"
        done
    fi
    [ "$(plan keep-volume)" = 1 ] || remove_snapshots
}

# remove_snapshots: those that were taken for key on its way. Those of a backup have other tags.
remove_snapshots() {
    call "$(plan snapshots-of)" KEY "$slot" || return 0
    for old in $(snapshots | cut -d ' ' -f 1); do
        call "$(plan snapshot-remove)" SNAPSHOT "$old" || [ "$problem" = InvalidSnapshot.NotFound ] || say "fe2: $old is left and costs money: $problem"
    done
}

# bring: all of them, to the present machine; nothing is done where they are there already.
bring() {
    [ -s "$volumes" ] || return 0
    kept_address=$address
    brought=
    slots=$(cut -d ' ' -f 1 "$volumes")
    for slot in $slots; do
        read -r _ volume _ <<LINE
$(grep "^$slot " "$volumes")
LINE
        read -r persists _ system point <<KNOWN
$(plan "volume-$slot")
KNOWN
        point=$(printf %s "$point" | base64 -d)
        bring_one || return 1
        brought="$brought$slot $volume $zone
"
    done
    if [ "$brought" != "$(cat "$volumes")
" ]; then
        put "$volumes" "${brought%?}" || { trouble "the job's volumes could not be written down"; return 1; }
    fi
    for slot in $slots; do
        volume=$(sed -n "s/^$slot \([^ ]*\) .*/\1/p" "$volumes")
        end_superseded
    done
    address=$kept_address
}

# settle: after a job that has finished. Volumes that would have ended with its machine are removed when that has ended; snapshots that
# were taken on the way are. What stays is no more the job's, so that this machine's role ends there. What stays on a machine that stays
# is set right by whoever waits for the job (JobVolumes.SettleAsync). Another job may have a volume by now: it is that one's.
settle() {
    [ -s "$volumes" ] && [ "$(mark state)" = finished ] && [ "$(plan keep-volume)" != 1 ] || return 0
    slots=$(cut -d ' ' -f 1 "$volumes")
    for slot in $slots; do
        volume=$(sed -n "s/^$slot \([^ ]*\) .*/\1/p" "$volumes")
        read -r _ ends _ <<KNOWN
$(plan "volume-$slot")
KNOWN
        if [ "$ends" = 1 ]; then
            settle_one || say "fe2: $volume may be left and cost money: $problem"
        elif is_ours; then
            call "$(plan volume-kept)" VOLUME "$volume" || say "fe2: $volume still says that it is this job's: $problem"
        fi
        remove_snapshots
    done
}

# is_ours: by its tags, as they are now.
is_ours() { call "$(plan volumes-of)" KEY "$slot" && of_job | cut -d ' ' -f 1 | grep -qxF -e "$volume"; }

settle_one() {
    settle_by=$(($(date +%s) + 180))
    while :; do
        look "$volume" || return 1
        ! is_lost || return 0
        if [ "$v_holder" = - ] && [ "$v_state" = available ]; then
            problem='another job has it'
            is_ours || return 1
            call "$(plan volume-remove)" VOLUME "$volume" || [ "$problem" = InvalidVolume.NotFound ]
            return
        fi
        # It goes with the machine, or stays with it.
        [ "$(plan on-exit)" = Terminate ] || return 0
        problem="it is still attached to $v_holder"
        [ "$(date +%s)" -lt "$settle_by" ] || return 1
        sleep 2
    done
}
