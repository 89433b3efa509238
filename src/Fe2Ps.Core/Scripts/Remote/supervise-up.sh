#!/bin/sh
# supervise-up ID INSTANCE ADDRESS SECONDS: on the monitor, after the plan is here: sees whether a supervisor can do its work, and
# starts it. It must get credentials by this machine's role (a role that was just given takes some seconds, so many at most), must be
# allowed to launch, which a dry run tells, and must reach the job's machine. Otherwise says why not, and leaves nothing.
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
trap unshare EXIT

refuse() {
    unsupervise
    say "$*"
    exit 1
}

command -v bash >/dev/null 2>&1 || refuse "bash is not here"
command -v curl >/dev/null 2>&1 || refuse "curl is not here"
metadata PUT api/token 'X-aws-ec2-metadata-token-ttl-seconds: 60' >/dev/null || refuse "the instance metadata service, version 2, does not answer there"
reach "$3" "$2" true </dev/null 2>"$private/cloud.answer" || refuse "it does not reach $2 at $3: $(tail -n 1 "$private/cloud.answer")"
until_then=$(($(date +%s) + $4))
patience=2
read -r _ _ _ _ _ body <<CHOICE
$(grep '^choice ' "$private/plan" | head -n 1)
CHOICE
while :; do
    call "$body&DryRun=true" TOKEN "$(plan token)" LAUNCH "$(plan token)" ATTEMPT 0 NAME "$(plan name)" USERDATA ""
    case $problem in
        DryRunOperation) break ;;
        # What has just been given may not be known everywhere yet.
        NoCredentials | UnauthorizedOperation) ;;
        *) refuse "EC2 would not launch a replacement: $problem" ;;
    esac
    [ "$(date +%s)" -lt $until_then ] || refuse "its role does not let it launch a replacement: $problem"
    secret_key=
    sleep 1
done
start_supervisor "$id"
