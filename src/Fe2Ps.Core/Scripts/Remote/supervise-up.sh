#!/bin/sh
# supervise-up ID INSTANCE SECONDS WAY:ADDRESS...: on the monitor, after the plan is here: sees whether a supervisor can do its work, and
# starts it. It must get credentials by this machine's role (a role that was just given takes some seconds, so many at most), must be
# allowed to launch, and to bring the job's volumes along, which dry runs tell, and must reach the job's machine at one of the
# addresses; WAY, private or public, tells which of the next machines' addresses leads there. Otherwise says why not, and leaves nothing.
# supervise-up ID: takes back what is there of one.
# shellcheck source=lib.sh
. "$HOME/.fe2/lib.sh"
open_job "$1"
# shellcheck source=supervise-cloud.sh
. "$HOME/.fe2/supervise-cloud"

if [ $# = 1 ]; then
    unsupervise
    exit 0
fi
rm -f "$private/way"
trap unshare EXIT

refuse() {
    unsupervise
    say "$*"
    exit 1
}

command -v bash >/dev/null 2>&1 || refuse "bash is not here"
command -v curl >/dev/null 2>&1 || refuse "curl is not here"
metadata PUT api/token 'X-aws-ec2-metadata-token-ttl-seconds: 60' >/dev/null || refuse "the instance metadata service, version 2, does not answer there"
target=$2
until_then=$3
shift 3
unreached=
for way; do
    if reach "${way#*:}" "$target" true </dev/null 2>"$private/cloud.answer"; then
        put "$private/way" "${way%%:*}"
        break
    fi
    unreached="$unreached; at ${way#*:}: $(tail -n 1 "$private/cloud.answer")"
done
[ -s "$private/way" ] || refuse "it does not reach $target${unreached#;}"
until_then=$(($(date +%s) + until_then))
patience=2
read -r _ _ _ _ _ body <<CHOICE
$(grep '^choice ' "$private/plan" | head -n 1)
CHOICE

# allowed BODY [WORD VALUE]...: whether a dry run says so, waited for as long as the role may be without effect.
allowed() {
    request="$1&DryRun=true"
    shift
    while :; do
        call "$request" "$@"
        case $problem in
            DryRunOperation) return 0 ;;
            # What has just been given may not be known everywhere yet.
            NoCredentials | UnauthorizedOperation) ;;
            *) return 1 ;;
        esac
        [ "$(date +%s)" -lt $until_then ] || return 1
        secret_key=
        sleep 1
    done
}

if ! allowed "$body" TOKEN "$(plan token)" LAUNCH "$(plan token)" ATTEMPT 0 NAME "$(plan name)" USERDATA ""; then
    case $problem in
        NoCredentials | UnauthorizedOperation) refuse "its role does not let it launch a replacement: $problem" ;;
        *) refuse "EC2 would not launch a replacement: $problem" ;;
    esac
fi
if [ -s "$private/volumes" ]; then
    read -r slot volume _ < "$private/volumes"
    for what in "volume-save-$slot" volume-attach volume-detach; do
        allowed "$(plan "$what")" VOLUME "$volume" INSTANCE "$target" DEVICE "$(encoded /dev/sdf)" ATTEMPT 0 TOKEN "$(plan token)"
        case $problem in
            NoCredentials | UnauthorizedOperation) refuse "its role does not let it bring the job's volumes along: $problem" ;;
        esac
    done
fi
"$fe2/onboot" install </dev/null || say "fe2: after a restart of this machine, the next thing that comes from the job starts the supervisor"
# Until now nobody else may start it: two that ask EC2 at once would read each other's answers.
put "$private/supervised" "$(now)"
start_supervisor "$id"
