#!/bin/sh
# receive [--load] ID KEY: the one command that a job's key may run on the monitor; KEY is the key's end.
#   rsync into the job's folder (with --load: out of it), by rrsync where the distribution has it;
#   "again NUMBER STARTED ENDED END": the script was started once more on the same machine (resumed);
#   "done STATE EXIT ENDED": the job's last word; its key leaves;
#   "hello": whether this key is still let in.
# Exit code 76 of again and hello when somebody has stopped the job while its machine was off.
# shellcheck source=lib.sh
. "$HOME/.fe2/lib.sh"
load=
if [ "$1" = --load ]; then
    load=1
    shift
fi
open_job "$1"
request=${SSH_ORIGINAL_COMMAND-}

# note_door: writes down which sshd this came in by. A connection outlives the key that it was made with: again closes it.
note_door() {
    door=$PPID
    while [ "${door:-0}" -gt 1 ]; do
        case $(cat "/proc/$door/comm" 2>/dev/null) in
            sshd*) break ;;
        esac
        door=$(stat_of "$door" | cut -d ' ' -f 2)
    done
    [ "${door:-0}" -gt 1 ] || return 0
    ! alive "$private/doors/$door" || return 0
    mkdir -p "$private/doors"
    for file in "$private"/doors/*; do
        alive "$file" || rm -f "$file"
    done
    remember "$private/doors/$door" "$door"
}

finish() {
    case $2 in
        finished | lost) ;;
        *) exit 64 ;;
    esac
    case $3 in
        - | [0-9] | [0-9][0-9] | [0-9][0-9][0-9]) ;;
        *) exit 64 ;;
    esac
    case $4 in
        *[!A-Z0-9:.-]*) exit 64 ;;
    esac
    # What still clears the marks of a time before (resumed, again) must not take away how this one ended.
    lock "$private/lock" 20 || exit 75
    [ "$3" = - ] || put "$meta/exit-code" "$3" || exit 1
    put "$meta/ended" "$4" || exit 1
    put "$meta/state" "$2" || exit 1
    [ "$2" != finished ] || rm -f "$meta/checkpoint.tar"
    rmdir "$dir/.fe2-partial" 2>/dev/null
    edit_keys "fe2:$id"
    # This machine was to stop, and only waited for what it collects. Later, so that the target still hears the answer.
    if [ "$(leave_wanted)" = Stop ]; then
        # shellcheck disable=SC2016 # the inner shell's
        setsid sh -c 'sleep 20; exec "$1" "$2"' sh "$fe2/leave" "$id" </dev/null >/dev/null 2>&1 9>&- &
    fi
}

# refuse_links: options that follow links which the target may have sent, or make folders through them. rrsync alone lets
# some of them through. What stands after e. only says what the other side can do.
refuse_links() {
    set -f
    for word in $request; do
        case $word in
            --copy-* | --keep-dirlinks | --relative | --no-implied-dirs | --no-munge-links) ;;
            --*) continue ;;
            -*) case ${word%%e.*} in *[KLkR]*) ;; *) continue ;; esac ;;
            *) continue ;;
        esac
        say "fe2: refused: $word"
        exit 77
    done
    set +f
}

# runnable FILE: whether a script's interpreter is here.
runnable() {
    [ -f "$1" ] && [ -r "$1" ] || return 1
    interpreter=$(sed -n '1s/^#! *//p' "$1")
    command -v "${interpreter##*[ /]}" >/dev/null 2>&1
}

find_rrsync() {
    for file in /usr/bin/rrsync /usr/share/rsync/scripts/rrsync /usr/share/doc/rsync/scripts/rrsync \
        /usr/share/doc/rsync*/support/rrsync "$fe2/rrsync"; do
        if runnable "$file"; then
            printf %s "$file"
            return 0
        fi
    done
    if [ -f /usr/share/doc/rsync/scripts/rrsync.gz ]; then
        gunzip -c /usr/share/doc/rsync/scripts/rrsync.gz > "$fe2/rrsync" && runnable "$fe2/rrsync" && printf %s "$fe2/rrsync"
    fi
}

# The same restriction for a distribution without rrsync: only options that this project's own rsync calls send.
plain_rsync() {
    set -f
    # shellcheck disable=SC2086 # the request is one line of words; nothing with blanks or wildcards is accepted below
    set -- $request
    shift 2
    arguments=
    wanted_load=
    while [ $# -gt 2 ]; do
        case $1 in
            --sender) wanted_load=1 ;;
            --partial-dir | .fe2-partial) ;;
            --log-format=%i | --max-size=*[0-9a-z] | --no-[rW] | --partial) ;;
            --*) say "fe2: refused: $1"; exit 77 ;;
            -*[!A-Za-z0-9.]*) say "fe2: refused: $1"; exit 77 ;;
            -*) ;;
            *) say "fe2: refused: $1"; exit 77 ;;
        esac
        arguments="$arguments $1"
        shift
    done
    if [ "$1" != . ] || [ "$wanted_load" != "$load" ]; then
        say "fe2: refused"
        exit 77
    fi
    case $2 in
        . | ./) ;;
        *) say "fe2: refused: $2"; exit 77 ;;
    esac
    cd "$dir" || exit 1
    # shellcheck disable=SC2086 # words without blanks or wildcards, checked one by one
    exec rsync --server $arguments . ./
}

# is_admitted KEY: whether the key is still let in. Who came by it just before it left may get here only now, when again has closed all
# doors that it knew of: so first the door, then this.
is_admitted() { grep -qF "/.fe2/receive ${load:+--load }$id $1\"" "$HOME/.ssh/authorized_keys" 2>/dev/null; }

note_door
if ! is_admitted "${2-}"; then
    # sshd's words for it, by which the other side knows.
    say "fe2: Permission denied: the key of job $name has left"
    exit 77
fi
case $request in
    'done '*)
        [ -z "$load" ] || exit 77
        set -f
        # shellcheck disable=SC2086 # three words
        set -- $request
        [ $# = 4 ] || exit 64
        finish "$@"
        ;;
    'again '*)
        [ -z "$load" ] || exit 77
        set -f
        # shellcheck disable=SC2086 # four words, which resumed checks
        set -- $request
        [ $# = 5 ] || exit 64
        "$fe2/resumed" "$id" "$2" "$3" "$4" "$5" || exit
        [ ! -e "$meta/stopped" ] || exit 76
        ;;
    # What is being made ready (load) only asks whether it is let in.
    hello) [ -n "$load" ] || [ ! -e "$meta/stopped" ] || exit 76 ;;
    'rsync --server '*)
        refuse_links
        # After a restart of this machine nobody else would start it again.
        [ ! -f "$private/supervised" ] || start_supervisor "$id"
        rrsync=$(find_rrsync)
        [ -n "$rrsync" ] || plain_rsync
        if [ -n "$load" ]; then set -- -ro "$dir"; else set -- -wo "$dir"; fi
        # A newer rrsync lets one call at a time into a folder; one that a cut line left behind would lock all others out.
        ! grep -q -e '-no-lock' "$rrsync" || set -- -no-lock "$@"
        exec "$rrsync" "$@"
        ;;
    *)
        say "fe2: this key may only bring the results of job $name"
        exit 77
        ;;
esac
