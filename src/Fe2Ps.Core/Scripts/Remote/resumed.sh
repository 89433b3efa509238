#!/bin/sh
# resumed ID NUMBER STARTED ENDED END: on the monitor, writes down that the job's script was started once more on the same machine,
# and how the time before came to its end. The marks of that time leave. NUMBER 0: only they do; the script has gone on by itself.
# shellcheck source=lib.sh
. "$HOME/.fe2/lib.sh"
open_job "$1"
case $2 in
    '' | *[!0-9]*) exit 64 ;;
esac
for time in "$3" "$4"; do
    case $time in
        '' | *[!A-Z0-9:.-]*) exit 64 ;;
    esac
done
case $5 in
    '' | *[!a-z]*) exit 64 ;;
esac
lock "$private/lock" 20 || exit 75
# A message that comes twice may come late.
[ "$(head -n 1 "$meta/state" 2>/dev/null)" != finished ] || exit 0
attempts=$private/attempts
if [ "$2" = 0 ] || ! [ -s "$attempts" ]; then
    clear_marks
    exit 0
fi
# See AttemptLines: number, instance, type, zone, market, price, started, ended, end. The last line is the present machine.
read -r number instance type zone market price started _ <<LAST
$(tail -n 1 "$attempts")
LAST
# A message that comes twice is one.
[ "$number" -lt "$2" ] || exit 0
clear_marks
umask 077
{
    sed '$d' "$attempts"
    printf '%s\n' "$number $instance $type $zone $market $price $started $4 $5" "$2 $instance $type $zone $market $price $3 - -"
} > "$attempts.next" && mv -f "$attempts.next" "$attempts"
