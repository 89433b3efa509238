#!/bin/sh
# supervise-admit ID [LINE]: on a machine of the job, lets the supervisor on the monitor in; without LINE, no more.
# shellcheck source=lib.sh
. "$HOME/.fe2/lib.sh"
case $1 in
    '' | *[!A-Za-z0-9_-]*) exit 64 ;;
esac
edit_keys "fe2-monitor:$1" "${2-}"
