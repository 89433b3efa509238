#!/bin/sh
# supervise-move ID: on the monitor, looks what the job needs now and does it: another machine where the one before is gone or
# going, a start where a machine is there. The rules, the steps and their order are those of Recovery.Next and JobMove, which
# computers that wait carry out: whoever of them has the lease does the work, and leaves after each step a state from which
# anybody finds out how far it came. Exit code 3 when there is nothing to do (any more): the job is over, or was started as
# often as it may be. 4 while EC2 has stopped the machine and will start it again. 75 while a computer sees to the job.
# supervise-move ID enough: it has been tried for long enough to start the script on the present machine: what was launched for it
# ends, and the job waits for a computer that asks for it.
# Bash where it is, since it has more to reckon than to start.
if [ -z "${BASH_VERSION-}" ] && command -v bash >/dev/null 2>&1; then
    exec bash "$0" "$@"
fi
# shellcheck source=lib.sh
. "$HOME/.fe2/lib.sh"
open_job "$1"
# shellcheck source=supervise-cloud.sh
. "$HOME/.fe2/supervise-cloud" || exit 1
# shellcheck source=supervise-rules.sh
. "$HOME/.fe2/supervise-rules" || exit 1
# shellcheck source=supervise-launch.sh
. "$HOME/.fe2/supervise-launch" || exit 1
# shellcheck source=supervise-ready.sh
. "$HOME/.fe2/supervise-ready" || exit 1
# shellcheck source=supervise-volume.sh
. "$HOME/.fe2/supervise-volume" || exit 1
[ -f "$private/plan" ] || exit 3
trap '' HUP INT PIPE
attempts=$private/attempts
holder=supervisor-$(boot)

# The log says when.
say() { printf '%s %s\n' "$(now)" "$*" >&2; }

# Of two of these, one.
exec 8>"$private/supervise.lock"
flock -n 8 || exit 75
"$fe2/lease" "$id" "$holder" >/dev/null 2>&1 8>&- || exit 75
# Kept until this ends, however it does.
mover=$$
(
    count=0
    while kill -0 $mover 2>/dev/null; do
        sleep 1
        count=$(((count + 1) % 25))
        [ $count != 0 ] || "$fe2/lease" "$id" "$holder" >/dev/null 2>&1
    done
) 8>&- &
keeper=$!
trap 'unshare; kill $keeper 2>/dev/null; "$fe2/lease" "$id" "$holder" drop >/dev/null 2>&1' EXIT
trap 'exit 1' TERM

# read_last: what is known of the present machine, and how many there were. One line each: number, instance, type, zone, market,
# price, when the script was started and when it ended there, why it ended.
read_last() {
    count=$(grep -c . "$attempts")
    read -r number instance type zone market price started ended end <<LAST
$(tail -n 1 "$attempts")
LAST
    [ -n "$end" ]
}

# line: the present machine, as the variables have it.
line() { printf '%s\n' "$number $instance $type $zone $market $price $started $ended $end"; }

# note_last [LINE]: writes down what the variables say of the present machine, and the line of another one.
note_last() {
    { sed '$d' "$attempts"; line; [ $# = 0 ] || printf '%s\n' "$1"; } > "$attempts.new" && mv -f "$attempts.new" "$attempts"
}

# tell KEY [WORD VALUE]...: a tag, without which everything goes on. EC2 may not know for a moment what it has just made.
tell() {
    key_of_plan=$1
    shift
    fresh=1
    call "$(plan "$key_of_plan")" "$@" || say "fe2: $key_of_plan: $problem"
    fresh=
}

mark() { head -n 1 "$meta/$1" 2>/dev/null; }

# give_up WHY: what cannot be done by trying again.
give_up() {
    say "fe2: $*"
    put "$private/supervise.note" "$*"
    exit 1
}

# describe ID: sets state and address; "gone" for a machine that EC2 does not know any more.
describe() {
    state=gone
    address=-
    if call "$(plan describe)" INSTANCE "$1"; then
        read -r _ state address _ <<SEEN
$(instances)
SEEN
        : "${state:=gone}"
    else
        [ "$problem" = InvalidInstanceID.NotFound ]
    fi
}

# over: nothing more is to be done. The machine that stays up, if it does, lets this one in no more.
over() {
    if describe "$instance" && [ "$state" = running ]; then
        reach "$address" "$instance" ".fe2/supervise-admit $id" </dev/null >/dev/null 2>&1
    fi
    end_former
    end_spare
    settle
    unsupervise
    exit 3
}

# hand_over: the script ends on the old machine, and what it has written since the notice comes here. A machine that does not answer
# any more is waited for until EC2 has ended it: two machines never work for one job. Begins with what decide saw of it, old_state and
# old_address: it is asked itself first, EC2 only when it does not answer.
hand_over() {
    last=$(($(date +%s) + 150))
    while left=$((last - $(date +%s))) && [ $left -gt 0 ]; do
        [ "$old_state" = running ] || return 0
        [ $left -ge 5 ] || left=5
        if [ "$old_address" != - ]; then
            reach "$old_address" "$instance" ".fe2/stop $id over $left" </dev/null
            case $? in
                0 | 66) return 0 ;;
            esac
            # It may have ended itself with its last word, which is here then.
            case $(mark state) in
                finished | lost) return 0 ;;
            esac
            sleep 1
        fi
        if describe "$instance"; then
            old_state=$state
            old_address=$address
        else
            sleep 1
        fi
    done
}

# end_for_good ID: for a machine with a persistent spot request EC2 would launch another one, and its disk costs as long as it is only stopped.
end_for_good() {
    if [ "$(plan comes-back)" = 1 ]; then
        describe "$1" || { say "fe2: $1 could not be ended: $problem"; return 1; }
        request=$(element spotInstanceRequestId)
        if [ -n "$request" ]; then
            call "$(plan cancel)" REQUEST "$request" || [ "$problem" = InvalidSpotInstanceRequestID.NotFound ] || { say "fe2: $1 could not be ended, its spot request $request is still there: $problem"; return 1; }
        fi
        case $state in
            gone | shutting-down | terminated) return 0 ;;
        esac
    fi
    call "$(plan terminate)" INSTANCE "$1" || { say "fe2: $1 could not be ended: $problem"; return 1; }
}

# end_former: every machine that the job had before and that EC2 would start again. At each start and at the job's end: whoever handed
# the job on may not have come that far.
end_former() {
    [ "$(plan comes-back)" = 1 ] || return 0
    formers=$(awk -v now="$instance" '$2 != now && $5 == "spot" && !seen[$2]++ { print $2 }' "$attempts")
    for former in $formers; do
        end_for_good "$former"
    done
}

# end_spare: what somebody has launched for the job to go on with, who did not come any further.
end_spare() {
    call "$(plan find)" ATTEMPT $((number + 1)) || { say "fe2: what was launched for the job may be left: $problem"; return; }
    spares=$(instances | cut -d ' ' -f 1)
    for spare in $spares; do
        ! grep -q "^[0-9]* $spare " "$attempts" || continue
        end_for_good "$spare"
        "$fe2/abandon" "$id" lost "$spare"
    done
}

# hand_in: this machine stops listening to the old one and knows the new one, in this order.
hand_in() {
    over=$(mark ended)
    [ "$word" = lost ] && : "${over:=$(mark heartbeat)}"
    case $over in
        '' | *[!0-9TZ:.-]*) over=$(now) ;;
    esac
    if [ "$end" = - ]; then
        ended=$over
        end=$why
    fi
    "$fe2/again" "$id" "$holder" "$ended" "$end"
    case $? in
        0) ;;
        # A computer sees to the job by now; it finds the new machine.
        75) exit 75 ;;
        76)
            # Somebody has stopped the job meanwhile.
            [ -n "$stays" ] || end_new
            over
            ;;
        *) give_up "the job's folder could not be made ready for another machine" ;;
    esac
    put "$meta/job.json" "{\"targetId\":\"$new\",\"attempt\":$upcoming,$(text facts)" || give_up "the job's facts could not be written"
    note_last "$upcoming $new $new_type $new_zone $new_market $new_price - - -" || give_up "the job's machines could not be written down"
    read_last
}

# admit load|write: lets the key in next.key in. The machine is in the hands of the script's author: what it says becomes a line in
# authorized_keys here.
admit() {
    read -r key_type key_blob _ < "$private/next.key"
    case $key_blob in
        '' | *[!A-Za-z0-9+/=]*) return 1 ;;
    esac
    [ "$key_type" = ssh-ed25519 ] || return 1
    "$fe2/authorize" "$id" "$1" "$key_type" "$key_blob"
}

# drop_deaf: a machine that answers and has refused this login for five minutes, more than its first start takes, will not let it in any
# more. Where it was launched for the job alone, it ends, and the next round replaces it. Since when it refuses stands in the file refused.
drop_deaf() {
    said=$(reach "$address" "$instance" true 2>&1 </dev/null)
    case $?:$said in
        255:*'Permission denied ('*) ;;
        *)
            rm -f "$private/refused"
            return
            ;;
    esac
    refusing=
    [ ! -s "$private/refused" ] || read -r refusing since < "$private/refused"
    if [ "$refusing" != "$instance" ]; then
        put "$private/refused" "$instance $(date +%s)"
        return
    fi
    limit=$(plan refused)
    [ $(($(date +%s) - since)) -ge "${limit:-300}" ] && is_launched_for_it || return
    say "fe2: $instance does not let this machine in"
    # EC2 will say that somebody asked for its end; nobody has asked for that of the job.
    ended=$(now)
    end=unstarted
    note_last || return
    rm -f "$private/refused"
    end_for_good "$instance"
}

# start: the folder comes from here, and the script starts.
start() {
    if [ -n "${new_address-}" ]; then
        address=$new_address
    else
        describe "$instance" && [ "$address" != - ] || return 1
    fi
    say "fe2: starting on $instance"
    [ "${made_ready-}" = 0 ] || make_ready "$address" "$instance"
    case $? in
        0) ;;
        75)
            # Somebody has started it and went away before writing that down; it must be able to bring its results.
            reach "$address" "$instance" "cat .fe2/jobs/$id/key.pub" </dev/null > "$private/next.key" && admit write && started_now
            return
            ;;
        *)
            drop_deaf
            return 1
            ;;
    esac
    rm -f "$private/refused"
    bring || return 1
    # First the key may only read, then only write.
    admit load || return 1
    reach "$address" "$instance" ".fe2/load $id $(plan monitor-addresses)" </dev/null >/dev/null || return 1
    admit write || return 1
    [ -z "${stays-}" ] || tell attempt INSTANCE "$instance" ATTEMPT "$number"
    # The folder may have been long on its way.
    ! is_stopped || return 1
    kind=lasting
    [ "$market" != spot ] || kind=spot
    reach "$address" "$instance" ".fe2/start $id $(quoted "$(text script)") $kind $(plan signal) $number $(plan max-restarts) $(plan start-words)" \
        < "$private/env" >/dev/null || return 1
    started_now
}

started_now() {
    started=$(now)
    ended=-
    end=-
    note_last
    # Stopped in this last moment, when nobody looked any more.
    ! is_stopped || reach "$address" "$instance" ".fe2/stop $id" </dev/null
    rm -f "$private/supervise.note" "$private/no-room" "$private/next.key"
    say "fe2: the job goes on on $instance"
    # Whoever reaches it from elsewhere compares with this.
    print=$(ssh-keygen -l -F "$instance" -f "$private/machines" 2>/dev/null | sed -n 's/.* \(SHA256:[A-Za-z0-9+/]*\).*/\1/p' | tail -n 1)
    [ -z "$print" ] || tell hostkey INSTANCE "$instance" HOSTKEY "$(encoded "$print")"
}

read_last || give_up "$attempts cannot be read"
decide
if [ "${2-}" = enough ]; then
    [ $step = start ] || exit 1
    say "fe2: the script could not be started on $instance"
    if is_launched_for_it; then
        # EC2 will say that somebody asked for its end; nobody has asked for that of the job.
        ended=$(now)
        end=unstarted
        note_last || give_up "the job's machines could not be written down"
    fi
    drop_unstarted "$(printf 'lost\nit could not be started on %s: %s' "$instance" "$(head -n 1 "$private/supervise.note" 2>/dev/null)")"
fi
case $step in
    watch) exit 0 ;;
    replace)
        upcoming=$((number + 1))
        if [ -n "$stays" ]; then
            new_address=
            new=$instance new_type=$type new_zone=$zone new_market=$market new_price=$price
        else
            # Where EC2 does not say, it may run.
            old_state=running
            old_address=-
            if describe "$instance"; then
                if [ "$end" = - ] && is_ended_on_request; then
                    # Whoever ends the machine does not want to pay for another one.
                    say "fe2: $instance was stopped or terminated on request, the job does not go on elsewhere"
                    "$fe2/stop" "$id" gone
                    over
                fi
                old_state=$state
                old_address=$address
            fi
            # It may not have come that far.
            [ "$end" != unstarted ] || end_for_good "$instance"
            say "fe2: $instance is $why, another machine takes over"
            begin_saving
            find_or_launch
            begin_readying
            end_saving
            hand_over
            # It came to its end in its last two minutes after all.
            if has_finished; then
                stop_readying
                end_new
                over
            fi
            end_readying
        fi
        hand_in
        ;;
    start) ;;
    *) exit 1 ;;
esac
end_former
start
