#!/bin/sh
# leave ID: the results are safe elsewhere: stops the machine if the job asked for that. Whether it stops or terminates is
# the instance's own attribute. While the machine still works for another job, the wish is written down, and the last one
# to leave carries it out.
# shellcheck source=lib.sh
. "$HOME/.fe2/lib.sh"
open_job "$1"
rm -f "$end_file" "$end_file.new"
lock "$fe2/machine.lock" 20
# Of two that leave at once, the second must not take the first for alive.
rm -f "$private/keep.pid"
wish=$(cat "$private/onexit" 2>/dev/null)
case $wish in
    Stop | Terminate) put "$fe2/leave-wanted" "$wish $(boot)" ;;
    *) [ "$(leave_wanted)" ] || exit 0 ;;
esac
if collects && [ "$(leave_wanted)" = Terminate ]; then
    rm -f "$fe2/leave-wanted"
    put "$meta/state" "$(head -n 1 "$meta/state")
this machine was to terminate, but it collects the results of another job and goes on"
    exit 0
fi
if collects || works_for_others; then
    exit 0
fi
rm -f "$fe2/leave-wanted"
as_root shutdown -h now 9>&- || as_root poweroff 9>&- || say "fe2: this machine could not be shut down"
