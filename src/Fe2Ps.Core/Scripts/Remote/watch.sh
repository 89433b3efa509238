#!/bin/sh
# watch: one on each spot machine, for as long as a job lives there or load balancers ask it (serve). Asks the instance metadata service (version 2) every two
# seconds whether EC2 is about to take the machine away, and tells every job once (notice). Sources: "Spot Instance
# interruption notices" and "EC2 instance rebalance recommendations" in the EC2 user guide.
# Bash talks to the service by itself: a poll starts no process. Without bash, curl is started for each question.
if [ -z "${BASH_VERSION-}" ] && command -v bash >/dev/null 2>&1; then
    exec bash "$0" "$@"
fi
# shellcheck source=lib.sh
. "$HOME/.fe2/lib.sh"
trap '' HUP INT PIPE
# A watch that is about to end takes this file away first, and looks for new jobs after that.
! alive "$fe2/watch.pid" || exit 0
lock "$fe2/watch.lock" 5 || exit 0
remember "$fe2/watch.pid" $$ || exit 1
watcher=$$
service=169.254.169.254
every=2
token=

# read_answer: reads an HTTP answer; sets status, server_time and the longest line of the body, which is all of it here: in an
# answer in chunks the other lines are their lengths.
read_answer() {
    status=0
    server_time=
    longest=
    in_body=
    # shellcheck disable=SC2086,SC2229 # several words
    while IFS= read -r $patience text || [ -n "$text" ]; do
        text=${text%"$return"}
        if [ -n "$in_body" ]; then
            [ ${#text} -le ${#longest} ] || longest=$text
            continue
        fi
        case $text in
            HTTP/*)
                status=${text#* }
                status=${status%% *}
                ;;
            [Dd]ate:\ *) server_time=${text#*: } ;;
            '') in_body=1 ;;
        esac
    done
}

return=$(printf '\r')
if [ -n "${BASH_VERSION-}" ]; then
    patience='-t 5'
    # ask METHOD PATH HEADER
    ask() {
        status=0
        # Whoever waits for news sees that this one is at it: a slow service is not a silent one.
        heard polling
        # shellcheck disable=SC3025 # bash's own
        { exec 5<>"/dev/tcp/$service/80"; } 2>/dev/null || return 1
        printf '%s /latest/%s HTTP/1.1\r\nHost: %s\r\n%s\r\nContent-Length: 0\r\nConnection: close\r\n\r\n' "$1" "$2" "$service" "$3" >&5 2>/dev/null
        read_answer <&5
        exec 5>&-
    }
else
    patience=
    # The header is nobody else's business, so it is no argument.
    ask() {
        answer=$(printf 'header = "%s"\n' "$3" | curl -s -i -m 5 --noproxy '*' -X "$1" -K - "http://$service/latest/$2" 2>/dev/null)
        read_answer <<ANSWER
$answer
ANSWER
    }
fi

# about PATH: asks with a token; one that is not known any more is replaced at once.
about() {
    for _ in 1 2; do
        if [ -z "$token" ]; then
            ask PUT api/token 'X-aws-ec2-metadata-token-ttl-seconds: 21600'
            [ "$status" = 200 ] || return 1
            token=$longest
        fi
        ask GET "meta-data/$1" "X-aws-ec2-metadata-token: $token"
        [ "$status" = 401 ] || break
        token=
    done
    [ "$status" = 200 ]
}

# field NAME: a text of the JSON object that was read, when it is plain.
field() {
    value=${longest#*\""$1"\"*:*\"}
    [ "$value" != "$longest" ] || return 1
    value=${value%%\"*}
    case $value in
        '' | *[!A-Za-z0-9:-]*) return 1 ;;
    esac
}

# seconds_until TIME: by the clock of the service, if it said what it shows: the machine's own may be wrong.
seconds_until() {
    present=$(date -u -d "$server_time" +%s 2>/dev/null) || present=
    [ -n "$server_time" ] && [ -n "$present" ] || present=$(date +%s)
    left=$(date -u -d "$1" +%s 2>/dev/null) || left=$((present + 120))
    left=$((left - present))
    [ $left -ge 0 ] || left=0
    [ $left -le 120 ] || left=120
}

poll() {
    if about spot/instance-action && field action; then
        action=$value
        if field time; then
            seconds_until "$value"
            heard notice "$action" "$value" $left
        fi
    elif [ "$status" = 404 ]; then
        heard none
    fi
    if about events/recommendations/rebalance && field noticeTime; then
        heard rebalance "$value"
    fi
}

# tell KIND TIME [ACTION LEFT]: every living job that does not know yet. Each in a process of its own: one that hangs holds up
# nothing.
tell() {
    for job in "$fe2"/jobs/*; do
        known=
        [ ! -f "$job/$1-known" ] || IFS= read -r known < "$job/$1-known"
        [ "$known" != "$2" ] || continue
        works "$job" || { [ "$1" = back ] && rests "$job"; } || continue
        setsid "$fe2/notice" "${job##*/}" "$@" </dev/null >>"$job/notice.log" 2>&1 7>&- 9>&- &
    done
}

# A machine that hibernated is there again when the service knows of no notice any more.
hibernation=
over_at=0

# leave_groups TIME LEFT: this machine leaves its load balancers' target groups.
leave_groups() {
    [ -f "$fe2/drain/spot" ] && [ "$(cat "$fe2/drain/known" 2>/dev/null)" != "$1" ] || return 0
    setsid "$fe2/deregister" "$1" "$2" </dev/null >>"$fe2/drain/drain.log" 2>&1 7>&- 9>&- &
}

take() {
    case $1 in
        notice)
            if [ "$2" = hibernate ] && [ "$3" != "$hibernation" ]; then
                hibernation=$3
                over_at=$(($(date +%s) + $4))
            fi
            leave_groups "$3" "$4"
            tell notice "$3" "$2" "$4"
            ;;
        rebalance) tell rebalance "$2" ;;
        none)
            if [ -n "$hibernation" ] && [ "$(date +%s)" -ge $over_at ]; then
                tell back "$hibernation"
                hibernation=
            fi
            ;;
    esac
}

jobs_live() {
    [ ! -f "$fe2/drain/spot" ] || return 0
    for job in "$fe2"/jobs/*; do
        # Also one whose keep was killed: when the machine wakes, it hears of it.
        if works "$job" || rests "$job"; then
            return 0
        fi
    done
    return 1
}

rounds=0
# Every half a minute: is there still something to watch for?
look_around() {
    rounds=$(((rounds + 1) % 15))
    [ $rounds = 0 ] && ! jobs_live || return 0
    rm -f "$fe2/watch.pid"
    jobs_live || end
    remember "$fe2/watch.pid" $$
}

end() {
    [ -z "${asker-}" ] || kill -KILL "$asker" 2>/dev/null
    exit 0
}

if [ -z "${BASH_VERSION-}" ]; then
    heard() { take "$@"; }
    while :; do
        poll
        look_around
        sleep $every
    done
fi

# A connection that nobody answers blocks bash for minutes. So one process asks, and this one replaces it when it is silent.
pipe=$fe2/watch.pipe
rm -f "$pipe"
mkfifo -m 600 "$pipe" || exit 1
exec 7<>"$pipe"
rm -f "$pipe"
heard() { printf '%s\n' "$*" >&7; }
asking() {
    trap - HUP INT
    # A pipe into which nobody writes is a clock that needs no process.
    rm -f "$pipe.clock"
    mkfifo -m 600 "$pipe.clock" && exec 6<>"$pipe.clock"
    rm -f "$pipe.clock"
    while kill -0 $watcher 2>/dev/null; do
        heard around
        poll
        # shellcheck disable=SC3045 # bash's own
        IFS= read -r -t $every -u 6 _
    done
}
asker=
trap end TERM
while :; do
    if [ -z "$asker" ] || ! kill -0 "$asker" 2>/dev/null; then
        (asking) 9>&- &
        asker=$!
    fi
    # shellcheck disable=SC3045 # bash's own
    if IFS= read -r -t 7 -u 7 line; then
        # shellcheck disable=SC2086 # several words, none of them with blanks or wildcards
        take $line
        [ "$line" != around ] || look_around
    else
        kill -KILL "$asker" 2>/dev/null
        wait "$asker" 2>/dev/null
        asker=
    fi
done
