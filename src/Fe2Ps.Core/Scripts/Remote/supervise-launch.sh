# How the supervisor gets another machine: the search for room, the name, the way in. Included by supervise-move.
# What is launched, and in which order, stands in the plan.
# shellcheck shell=sh disable=SC2034,SC2154 # of open_job and of supervise-move; what it reads
# free_name: the name moves with the job. Sets name_in, the name as a form has it; where it is somebody else's by now, the job goes
# on under the next best one.
free_name() {
    name_in=$(plan name)
    if call "$(plan named)" INSTANCE "$instance" && [ -n "$(instances)" ]; then
        call "$(plan rename)" INSTANCE "$instance" NUMBER "$number" || say "fe2: the name stays with $instance: $problem"
    fi
    call "$(plan holders)" || return 0
    instances | grep -qv "^$instance " || return 0
    name_in=$name_in-$upcoming
}

# user_data: lets this monitor in, and nobody else.
user_data() {
    encoded "$(printf "#cloud-config\nssh_authorized_keys:\n  - '%s'\n" "$(cat "$private/supervise.line")" | base64 | tr -d '\n')"
}

# choices: the numbers of the plan's choices in the order in which they are tried. On each market those in the zone of the job's
# volumes come first: there they need not be copied (CapacityWalk).
choices() {
    nearest=
    [ ! -s "$private/volumes" ] || read -r _ _ nearest < "$private/volumes"
    grep '^choice ' "$private/plan" | awk -v nearest="$nearest" '
        !($4 in markets) { markets[$4] = ++n }
        { print 2 * markets[$4] + (nearest != "" && $3 != nearest), NR }' | sort -n -k 1,1 -k 2,2 | cut -d ' ' -f 2
}

# launch: another machine, wherever there is room: the choices of the plan in their order; what there was no room for is passed over
# for ten minutes, and when all of them are, a try every few seconds. Sets new, new_address, choice and its words.
launch() {
    data=$(user_data)
    order=$(choices)
    round=0
    while :; do
        # Taken back meanwhile.
        [ -f "$private/plan" ] || exit 3
        ! is_stopped || stop_between
        oldest=
        chosen=
        present=$(date +%s)
        # The first that has not failed lately, else the one whose failure is the oldest.
        for index in $order; do
            failed=$(sed -n "s/^$index //p" "$private/no-room" 2>/dev/null | tail -n 1)
            if [ -z "$failed" ] || [ $((present - failed)) -ge 600 ]; then
                chosen=$index
                break
            fi
            if [ -z "$oldest" ] || [ "$failed" -lt "$oldest" ]; then
                oldest=$failed
                candidate=$index
            fi
        done
        if [ -z "$chosen" ]; then
            chosen=$candidate
            say "fe2: there is no room for another machine now, trying again in $(plan every) s"
            sleep "$(plan every)"
            ! has_finished || over
            ! is_stopped || stop_between
        fi
        round=$((round + 1))
        read -r _ new_type new_zone new_market new_price body <<CHOICE
$(grep '^choice ' "$private/plan" | sed -n "${chosen}p")
CHOICE
        say "fe2: launching $new_market $new_type in $new_zone"
        # Another zone is another request, which needs another token. One that is sent again because its answer was lost is not.
        if call "$body" TOKEN "$(plan token)-$upcoming-$chosen-$round-$(date +%s)" LAUNCH "$(plan token)-$upcoming" \
            ATTEMPT "$upcoming" NAME "$name_in" USERDATA "$data"; then
            read -r new _ new_address _ <<NEW
$(instances)
NEW
            [ -n "$new" ] && return 0
            problem=AnswerUnread
        fi
        case " $(plan elsewhere) " in
            *" $problem "*) ;;
            *) give_up "EC2 refuses to launch a replacement: $problem" ;;
        esac
        say "fe2: $new_type in $new_zone: $problem"
        no_room
    done
}

# stop_between: somebody has stopped the job while another machine is looked for. The one that it has, if it has one still, brings its
# results.
stop_between() {
    say "fe2: the job was stopped before there was another machine"
    end_saving
    hand_over
    "$fe2/abandon" "$id" lost "$instance"
    over
}

no_room() { printf '%s %s\n' "$chosen" "$(date +%s)" >> "$private/no-room"; }

end_new() { end_for_good "$new"; }

# ready: returns when a command works on the new machine; 1 when it ended before that, or took longer than five minutes.
ready() {
    rounds=0
    # A public address comes a little later than the machine.
    until [ "$new_address" != - ] && reach "$new_address" "$new" true 2>/dev/null; do
        [ -f "$private/plan" ] || exit 3
        ! is_stopped || return 1
        rounds=$((rounds + 1))
        if [ $((rounds % 20)) = 0 ] || { [ "$new_address" = - ] && [ $((rounds % 4)) = 0 ]; }; then
            describe "$new" || :
            case $state in
                pending | running) [ "$address" = - ] || new_address=$address ;;
                *) return 1 ;;
            esac
            [ $rounds -lt 600 ] || return 1
        fi
        sleep 0.5
    done
}

# find_or_launch: the machine that somebody has launched for this attempt already, who did not come any further, or a new one.
find_or_launch() {
    new=
    if call "$(plan find)" ATTEMPT "$upcoming"; then
        read -r new _ new_address _ <<FOUND
$(instances)
FOUND
    fi
    if [ -n "$new" ]; then
        # What it is like stands in its choice only.
        new_type=$(element instanceType)
        new_zone=$(element availabilityZone)
        new_market=$(element instanceLifecycle)
        : "${new_market:=on-demand}"
        new_price=-
        if ready; then
            return
        fi
        end_new
    fi
    free_name
    while :; do
        launch
        ! ready || return 0
        say "fe2: $new did not come up"
        end_new
        no_room
    done
}
