#!/bin/sh
# secret ID NAME: on the monitor, keeps what comes on standard input for the job, where no key of a job leads: what is needed to
# start it on another machine. secret ID NAME show: prints it.
# shellcheck source=lib.sh
. "$HOME/.fe2/lib.sh"
open_job "$1"
case $2 in
    env | recovery.json | attempts | volumes | plan) ;;
    # What the supervisor has made itself.
    supervise.line) [ "${3-}" = show ] || exit 64 ;;
    *) exit 64 ;;
esac
if [ "${3-}" = show ]; then
    exec cat "$private/$2"
fi
umask 077
cat > "$private/$2.new" && mv -f "$private/$2.new" "$private/$2"
