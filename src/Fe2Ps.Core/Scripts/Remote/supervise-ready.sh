# How the supervisor makes the job's next machine ready while the one before still works. Included by supervise-move.
# shellcheck shell=sh disable=SC2034,SC2154 # of open_job and of supervise-move; what it reads

# make_ready ADDRESS INSTANCE: all that needs neither the end of the script elsewhere nor its last results: this machine's own scripts,
# the programs, the job's folder and its key, whose public half comes to next.key. Exit code 75 when the script runs there already.
make_ready() {
    (cd "$fe2" && find . -maxdepth 1 -type f -perm -100 ! -name '*.new' -print0 | tar -cf - --null -T - version) \
        | reach "$1" "$2" "umask 077; mkdir -p .fe2/jobs && tar -C .fe2 -xf - && .fe2/adopt $2 </dev/null \
            && .fe2/prepare tmux rsync lsyncd </dev/null >/dev/null || exit 1; .fe2/again $id here </dev/null 2>/dev/null"
    case $? in
        0 | 66) ;;
        75) return 75 ;;
        *) return 1 ;;
    esac
    (
        umask 077
        reach "$1" "$2" ".fe2/claim $id $(quoted "$name") $(plan on-exit) \
            && .fe2/link $id $(plan monitor) $(quoted "$(plan monitor-user)") $(plan monitor-port) $(quoted "$(plan monitor) $(plan monitor-key)")" \
            </dev/null > "$private/next.key"
    ) || return 1
    reach "$1" "$2" ".fe2/onboot install" </dev/null || say "fe2: $2 does not go on by itself after a restart"
    case " $(plan start-words) " in
        *checkpoint*) reach "$1" "$2" ".fe2/prepare criu" </dev/null >/dev/null ;;
    esac
    return 0
}

# send_ahead ADDRESS INSTANCE: what is here already goes to the next machine, but what rsync is about to finish (.NAME.six signs). A head start only, of which a failure is none: load brings
# what is missing or has changed since, by content, because a mark says that this was here. Not where a data volume may have its place in
# the folder.
send_ahead() {
    [ ! -s "$volumes" ] || return 0
    (cd "$dir" && nice tar --exclude=./.fe2 --exclude=.fe2-partial --exclude='.*.??????' -cf - .) 2>/dev/null \
        | reach "$1" "$2" ": > .fe2/ahead-$id && tar -C fastec2/$(quoted "$name") -xf - 2>/dev/null" >/dev/null 2>&1 \
        && say "fe2: what is here already is on $2"
}

# begin_readying, end_readying: around the end of the script on the old machine. Sets made_ready, the exit code of make_ready. Or
# stop_readying, where the new machine is not needed after all.
begin_readying() {
    (
        make_ready "$new_address" "$new" || exit
        send_ahead "$new_address" "$new"
        exit 0
    ) 8>&- &
    readying=$!
}

end_readying() {
    wait "$readying"
    made_ready=$?
}

stop_readying() { kill "$readying" 2>/dev/null; }
