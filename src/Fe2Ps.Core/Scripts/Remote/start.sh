#!/bin/sh
# start ID SCRIPT KIND SIGNAL ATTEMPT [RESTARTS [error] [checkpoint=SECONDS]]: on the target, of the kind "spot" or another, runs the job in a tmux
# session of its own. What the script gets as environment and arguments comes on standard input, as shell text, and stays in the
# private folder. With RESTARTS it goes on here after a restart of the machine as long as it was not started again so often, and
# with "error" also when it fails; its memory is kept every so many SECONDS. Prints the session's name.
# shellcheck source=lib.sh
. "$HOME/.fe2/lib.sh"
# shellcheck source=launch.sh
. "$fe2/launch"
open_job "$1"
(umask 077 && cat > "$private/env") || exit 1
# A cut line looks like the end of the text.
if [ "$(tail -n 1 "$private/env")" != "# end of $id" ]; then
    say "fe2: the connection was cut before everything was here"
    exit 74
fi
# Until it is known that the job runs, abandon waits; when abandon came first, nothing is here any more.
lock "$private/lock" 20 && [ -f "$private/name" ] || exit 66
printf %s "$2" > "$private/script"
printf '%s\n' "$4" > "$private/signal"
printf '%s\n' "$5" > "$private/attempt"
[ "$3" != spot ] || : > "$private/spot"
if [ -n "${6-}" ]; then
    restarts=$6
    on_error=
    for word in "$@"; do
        case $word in
            error) on_error=error ;;
            checkpoint=*[0-9]) printf '%s\n' "${word#*=}" > "$private/checkpoint" ;;
        esac
    done
    printf '%s %s\n' "$restarts" "$on_error" > "$private/recover"
    # At a machine's start nobody has logged in.
    printf '%s\n%s\n%s\n' "$PATH" "${LANG-}" "${SHELL-/bin/sh}" > "$private/login"
fi
chmod u+x "$dir/$2" || exit 1
# On a further machine the output goes on where it stood.
[ "$5" -gt 1 ] || : > "$meta/output.log" || exit 1
stay $$
launch || exit 1
setsid "$fe2/keep" "$id" </dev/null >"$private/keep.log" 2>&1 9>&- &
[ ! -f "$private/spot" ] || start_watch
printf '%s\n' "$session"
