#!/bin/sh
# load ID ADDRESS...: on the target, finds the first address at which the monitor answers (private ones first) and
# fetches the job's folder from there.
# shellcheck source=lib.sh
. "$HOME/.fe2/lib.sh"
open_job "$1"
shift
umask 077
# A connection of its own: what a key may do is settled when a connection is made, and this one may only read.
own='-o ControlMaster=no -o ControlPath=none'
for address in "$@"; do
    { cat "$private/ssh_config.base"; printf 'HostName %s\n' "$address"; } > "$private/ssh_config"
    # shellcheck disable=SC2086 # several words
    if ssh $own -F "$private/ssh_config" monitor hello </dev/null; then
        printf '%s\n' "$address"
        umask 022
        by=
        # What came ahead (supervise-ready) may be old, also where size and time are those of now.
        [ ! -f "$fe2/ahead-$id" ] || by=--checksum
        # A data volume in the folder may hold newer files than the monitor, or, made of a snapshot, older ones: the newer ones stay.
        ! below=$dir/ awk '{ gsub(/\\040/, " ", $2) } index($2, ENVIRON["below"]) == 1 { found = 1 } END { exit !found }' /proc/self/mounts || by="$by --update"
        # shellcheck disable=SC2086 # one word or none
        rsync -rlpt $by -e "ssh $own -F '$private/ssh_config'" monitor:./ "$dir/" >&2 || exit
        rm -f "$fe2/ahead-$id"
        exit 0
    fi
done
say "fe2: the monitor does not answer at: $*"
exit 69
