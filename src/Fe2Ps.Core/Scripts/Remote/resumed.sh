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
        '' | *[!A-Z0-9:.+-]*) exit 64 ;;
    esac
done
case $5 in
    '' | *[!a-z]*) exit 64 ;;
esac
lock "$private/lock" 20 || exit 75
clear_marks
[ "$2" != 0 ] && [ -f "$private/recovery.json" ] || exit 0
# The file has one value a line; the last object of "attempts" is the present machine.
umask 077
awk -v number="$2" -v started="$3" -v ended="$4" -v end="$5" '
    function set(text, name, value) { if (index(text, "\"" name "\":")) sub(/: .*[^,]/, ": " value, text); return text }
    { line[NR] = $0 }
    /^  "attempts": \[/ { inside = 1 }
    /^  \]/ { inside = 0 }
    inside && /^    \{/ { from = NR }
    inside && /^    \}/ { to = NR }
    END {
        if (!from || to < from) exit 1
        for (i = from; i < to; i++) if (line[i] ~ /"number":/) { known = line[i]; gsub(/[^0-9]/, "", known) }
        if (known + 0 >= number + 0) exit 2
        for (i = 1; i <= NR; i++) {
            text = line[i]
            if (i > from && i < to) text = set(set(text, "ended", "\"" ended "\""), "end", "\"" end "\"")
            if (i != to) { print text; continue }
            print "    },"
            print "    {"
            for (j = from + 1; j < to; j++)
                print set(set(set(set(line[j], "number", number), "started", "\"" started "\""), "ended", "null"), "end", "null")
            print "    }"
        }
    }' "$private/recovery.json" > "$private/recovery.json.next" && mv -f "$private/recovery.json.next" "$private/recovery.json"
rm -f "$private/recovery.json.next"
exit 0
