#!/bin/sh
# supervise ID: on the monitor, for as long as a job may have to go on elsewhere. Looks once a second at what the job's machine has
# sent here, and does nothing else: no process is started, nothing is asked. When there is a mark of an interruption or of an end,
# supervise-move sees what is to be done. A machine that is silent is asked about at EC2: it may have died without a word.
if [ -z "${BASH_VERSION-}" ] && command -v bash >/dev/null 2>&1; then
    exec bash "$0" "$@"
fi
# shellcheck source=lib.sh
. "$HOME/.fe2/lib.sh"
open_job "$1"
trap '' HUP INT PIPE
exec 7>"$private/supervise.loop"
flock -n 7 || exit 0
remember "$private/supervise.pid" $$ || exit 1
silence=$(sed -n 's/^silence //p' "$private/plan" 2>/dev/null)
: "${silence:=75}"
quiet=$silence
failing=

# A pipe into which nobody writes is a clock that needs no process.
rm -f "$private/clock"
mkfifo -m 600 "$private/clock" && exec 6<>"$private/clock"
rm -f "$private/clock"

# first FILE: sets text to its first line, or to nothing.
first() {
    text=
    [ ! -f "$1" ] || IFS= read -r text < "$1"
}

# news: whether supervise-move is needed.
news() {
    [ ! -L "$meta" ] || return 1
    first "$meta/state"
    case $text in
        finished | lost) return 0 ;;
        flushing) ;;
        *) [ ! -s "$meta/interrupted" ] || return 0 ;;
    esac
    unstarted=
    while read -r _ _ _ _ _ _ since _; do
        unstarted=
        [ "$since" != - ] || unstarted=1
    done < "$private/attempts"
    [ -z "$unstarted" ] || return 0
    first "$meta/heartbeat"
    if [ "$text" != "$beat" ]; then
        beat=$text
        quiet=$silence
        # shellcheck disable=SC3028 # bash's own
        heard=$SECONDS
    fi
    # shellcheck disable=SC3028 # bash's own
    [ $((SECONDS - heard)) -ge "$quiet" ] || return 1
    # One that lives and stays silent is asked about less and less often.
    quiet=$((quiet < 300 ? quiet * 2 : 600))
}

beat=
# shellcheck disable=SC3028 # bash's own
heard=$SECONDS
pause=2
while [ -f "$private/supervised" ]; do
    left=1
    if news; then
        "$fe2/supervise-move" "$id" 6<&- 7>&-
        moved=$?
        case $moved in
            3) break ;;
            0 | 4)
                pause=2
                failing=
                [ $moved = 0 ] || left=60
                ;;
            *)
                left=$pause
                [ $pause -ge 30 ] || pause=$((pause * 2))
                if [ $moved != 75 ]; then
                    # A machine on which the script cannot be started costs money all the same.
                    # shellcheck disable=SC3028 # bash's own
                    : "${failing:=$SECONDS}"
                    enough=$(sed -n 's/^enough //p' "$private/plan" 2>/dev/null)
                    # shellcheck disable=SC3028 # bash's own
                    if [ $((SECONDS - failing)) -ge "${enough:-3600}" ]; then
                        "$fe2/supervise-move" "$id" enough 6<&- 7>&-
                        [ $? != 3 ] || break
                    fi
                fi
                ;;
        esac
        # shellcheck disable=SC3028 # bash's own
        heard=$SECONDS
    fi
    # shellcheck disable=SC3045 # bash's own
    IFS= read -r -t $left -u 6 _
done
rm -f "$private/supervise.pid" "$private/supervise.loop"
exit 0
