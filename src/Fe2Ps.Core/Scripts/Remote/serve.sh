#!/bin/sh
# serve: on a machine that load balancers ask, at its start: on a spot machine, the watch begins, for as long as the machine is.
# shellcheck source=lib.sh
. "$HOME/.fe2/lib.sh"
[ -s "$fe2/drain/targets" ] || exit 0
# shellcheck source=aws.sh
. "$HOME/.fe2/aws"
count=0
life=
until [ -n "$life" ] || [ $count -ge 30 ]; do
    count=$((count + 1))
    token=$(metadata PUT api/token 'X-aws-ec2-metadata-token-ttl-seconds: 60') &&
        life=$(metadata GET meta-data/instance-life-cycle "X-aws-ec2-metadata-token: $token")
    [ -n "$life" ] || sleep 1
done
[ "$life" = spot ] || exit 0
# Whose it is: an image of this machine makes others that are nobody's targets.
put "$fe2/drain/spot" "$(metadata GET meta-data/instance-id "X-aws-ec2-metadata-token: $token")"
start_watch
