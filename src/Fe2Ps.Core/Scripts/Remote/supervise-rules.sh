# What is to be done next for a job: the rules of Recovery.Next, by the marks of its machine and by what EC2 says of it. Included by
# supervise-move.
# shellcheck shell=sh disable=SC2034,SC2154 # of open_job and of supervise-move; what it reads
is_stopped() { [ -e "$meta/stopped" ]; }

is_marked() { call "$(plan marked)" INSTANCE "$1" && lines | grep -q '^<code>marked-for-[a-z-]*</code>$'; }

# comes_back: whether EC2 stops or hibernates the present machine at an interruption, and starts it again (RecoveryFacts.ComesBack).
comes_back() { [ "$(plan comes-back)" = 1 ] && [ "$market" = spot ]; }

# is_stopped_by_ec2: after describe, whether an interruption has stopped the machine.
is_stopped_by_ec2() { lines | grep -q '^<code>Server.SpotInstanceShutdown</code>$'; }

# is_ended_on_request: after describe, whether somebody had EC2 end the machine, or shut it down from within. A script that ends at the
# notice, or fails, may end its machine by itself (CloudJobs.WasEndedByRequestAsync).
is_ended_on_request() {
    who='(User|Instance)'
    { [ ! -s "$meta/interrupted" ] && [ "$word" != finished ]; } || who=User
    case $state in
        stopping | stopped | shutting-down | terminated) lines | grep -Eq "^<code>Client[.]${who}InitiatedShutdown</code>\$" ;;
        *) false ;;
    esac
}

# is_launched_for_it: whether the present machine, on which the script was not started, was launched for the job alone.
is_launched_for_it() { [ "$(grep -c "^[0-9]* $instance " "$attempts")" = 1 ]; }

# drop_unstarted STATE: ends the present machine, on which the script was not started, where it was launched for the job alone.
drop_unstarted() {
    new=$instance
    ! is_launched_for_it || end_new
    put "$meta/state" "$1"
    "$fe2/abandon" "$id" lost "$instance"
    over
}

# decide: what Recovery.Next says, from the marks of the machine. Sets step: watch, start, replace; leaves when the job is over.
decide() {
    word=$(mark state)
    interrupted=$(mark interrupted)
    stays=
    why=interrupted
    again=
    if [ "$started" = - ] && is_stopped; then
        # Stopped before it was started here. A machine that was launched for it alone is not needed any more.
        say "fe2: the job was stopped before it was started on $instance"
        drop_unstarted lost
    fi
    case $word in
        finished)
            exit_code=$(mark exit-code)
            if [ "${exit_code:-0}" = 0 ] || is_stopped || [ "$(plan restart-on-error)" != 1 ]; then
                over
            fi
            again=1
            why=failed
            ;;
        lost)
            ! is_stopped || over
            again=1
            [ -n "$interrupted" ] || why=lost
            ;;
        flushing) ;;
        *)
            if [ -n "$interrupted" ] && comes_back; then
                # EC2 starts it again, and it goes on with its jobs by itself.
                describe "$instance" || give_up "EC2 does not say how $instance is: $problem"
                case $state in
                    running | pending) exit 4 ;;
                esac
                ! is_stopped_by_ec2 || exit 4
                interrupted=
            fi
            [ -z "$interrupted" ] || again=1
            ;;
    esac
    if [ "$end" != - ]; then
        # Somebody has begun to hand the job on (again) and came no further, or nothing could be started here.
        again=1
        why=$end
    fi
    if [ -z "$again" ] || [ -z "$interrupted" ]; then
        describe "$instance" || give_up "EC2 does not say how $instance is: $problem"
        case $state in
            pending | running)
                if [ -n "$again" ]; then
                    # The machine is well, only the job's processes are not.
                    case $why in
                        interrupted | unstarted) ;;
                        *) [ "$state" != running ] || is_marked "$instance" || stays=1 ;;
                    esac
                elif ! comes_back && is_marked "$instance"; then
                    again=1
                fi
                ;;
            *)
                if comes_back && is_stopped_by_ec2; then
                    exit 4
                fi
                [ -n "$again" ] || why=lost
                again=1
                # Its last word may have come between the two questions.
                case $(mark state) in
                    finished | lost) [ "$word" = "$(mark state)" ] || exit 0 ;;
                    *) "$fe2/abandon" "$id" lost "$instance" ;;
                esac
                ;;
        esac
    fi
    if [ -n "$again" ]; then
        ! is_stopped || over
        [ "$count" -le "$(plan max-restarts)" ] || over
        step=replace
    elif [ "$started" = - ]; then
        step=start
    else
        step=watch
    fi
}
