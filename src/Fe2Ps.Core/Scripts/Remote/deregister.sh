#!/bin/sh
# deregister TIME LEFT: EC2 takes this machine away at TIME, in LEFT seconds: it leaves the target groups of ~/.fe2/drain/targets (a line each:
# endpoint, region, ARN), so that load balancers ask nothing new of it, and waits while what is being asked still ends.
# Auto Scaling does so too when it ends a machine itself, but learns of an interruption only when the machine is gone. Doing it twice is
# once. Sources: "Capacity Rebalancing" in the EC2 Auto Scaling user guide, DeregisterTargets in the ELB API reference (2015-12-01).
# shellcheck source=lib.sh
. "$HOME/.fe2/lib.sh"
drain=$fe2/drain
form=$drain/form
answer=$drain/answer
# shellcheck source=aws.sh
. "$HOME/.fe2/aws"
trap '' HUP INT
lock "$drain/lock" 0 || exit 0
[ "$(cat "$drain/known" 2>/dev/null)" != "$1" ] || exit 0
put "$drain/known" "$1" || exit 1

uptime() {
    read -r up _ < /proc/uptime
    printf %s "${up%.*}"
}
end=$(($(uptime) + $2))

note() { printf '%s %s\n' "$(now)" "$*" >> "$drain/log"; }

# ask ACTION: one call about the group at hand, until it is answered or there is no time left.
ask() {
    printf 'Action=%s&TargetGroupArn=%s&Targets.member.1.Id=%s&Version=2015-12-01' "$1" "$(encoded "$group")" "$instance" > "$form"
    until send "$endpoint" "$region" elasticloadbalancing; do
        case $problem in
            AccessDenied | InvalidTarget | TargetGroupNotFound | ValidationError)
                note "$group: $1: $problem"
                return 1
                ;;
        esac
        [ "$(uptime)" -lt $end ] || { note "$group: $1: $problem"; return 1; }
        sleep 1
    done
}

instance=
until [ -n "$instance" ]; do
    token=$(metadata PUT api/token 'X-aws-ec2-metadata-token-ttl-seconds: 60') &&
        instance=$(metadata GET meta-data/instance-id "X-aws-ec2-metadata-token: $token")
    [ -n "$instance" ] || { [ "$(uptime)" -lt $end ] && sleep 1; } || exit 1
done

# All of them are left before any is waited for.
left=$drain/left
: > "$left"
while read -r endpoint region group; do
    if [ -n "$group" ] && ask DeregisterTargets; then
        note "$group: deregistered"
        printf '%s %s %s\n' "$endpoint" "$region" "$group" >> "$left"
    fi
done < "$drain/targets"
while read -r endpoint region group; do
    while ask DescribeTargetHealth; do
        # A target that is gone is unused, or not listed.
        case $(element State) in
            draining) ;;
            *) note "$group: drained"; break ;;
        esac
        [ "$(uptime)" -lt $end ] || { note "$group: still draining"; break; }
        sleep 1
    done
done < "$left"
rm -f "$form" "$answer" "$left"
