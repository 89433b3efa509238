#!/bin/sh
# up SYSTEM POINT: as root, starts the TLS tunnel of a shared file system where it does not run, and mounts the file system through it.
# up SYSTEM: starts the tunnel alone, where the file system was mounted since the machine started.
# up: does the first for those that are to be mounted at each start of the machine; the hook that mount.sh writes calls it.
# up watch: starts the tunnels again that end while their file systems are mounted (a program that waits for one waits for ever), one such
# process for all; ends when none is mounted any more.
# Exit code 70 where the tunnel does not start, 71 where the file system cannot be mounted.
# Sources: "Mounting on your Linux instances with the NFS client" and "Encrypting data in transit" in the EFS user guide; stunnel(8).
state=/var/lib/fe2/efs
# A file for each that was mounted since the machine started: after a restart there is none.
mounted=/run/fe2-efs
tries_at_start=10
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
umask 077

say() { printf '%s\n' "$*" >&2; }

find_stunnel() { command -v stunnel5 || command -v stunnel4 || command -v stunnel; }

# tunnel_lives: after a restart of the machine the number may be another program's.
tunnel_lives() {
    pid=$(cat "$state/$system.pid" 2>/dev/null)
    [ -n "$pid" ] && tr '\000' ' ' 2>/dev/null < "/proc/$pid/cmdline" | grep -qF "$state/$system.conf"
}

start_tunnel() {
    tunnel_lives && return 0
    rm -f "$state/$system.pid" "$state/$system.log"
    "$(find_stunnel)" "$state/$system.conf" </dev/null >"$state/start.log" 2>&1 8>&- 9>&-
}

watch_tunnels() { setsid "$0" watch </dev/null >/dev/null 2>&1 9>&- & }

up() {
    system=$1
    point=$2
    # The tunnel first: without it, a mount point that is there already may not even answer what it is.
    start_tunnel || {
        say "stunnel does not start: $(tail -n 1 "$state/start.log")"
        return 70
    }
    if mountpoint -q "$point"; then
        return 0
    fi
    port=$(sed -n 's/^accept = 127\.0\.0\.1://p' "$state/$system.conf")
    (umask 022 && mkdir -p "$point")
    timeout 60 mount -t nfs4 -o "nfsvers=4.1,rsize=1048576,wsize=1048576,hard,timeo=600,retrans=2,noresvport,port=$port" 127.0.0.1:/ "$point" 2>"$state/mount.log" 9>&- &
    mounting=$!
    while kill -0 "$mounting" 2>/dev/null; do
        # The client would try again for the whole minute, thousands of times; the other end does not become another one.
        if grep -q 'certificate verify failed' "$state/$system.log" 2>/dev/null; then
            kill "$mounting" 2>/dev/null
            break
        fi
        sleep 0.2
    done
    wait "$mounting" || {
        say "mount: $(tail -n 1 "$state/mount.log")$(sed -n '/CERT\|SSL_connect\|refused\|timed out\|failed/s/^/; stunnel: /p' "$state/$system.log" 2>/dev/null | tail -n 1)"
        return 71
    }
    mkdir -p "$mounted" && : > "$mounted/$system"
    watch_tunnels
}

watch_them() {
    exec 8>"$state/watch.lock" 9>"$state/lock"
    # The one before may be about to end.
    flock -w 15 8 || return 0
    while :; do
        some=0
        for file in "$mounted"/*; do
            [ -e "$file" ] || continue
            some=1
            system=${file##*/}
            tunnel_lives && continue
            # Whoever mounts or dismounts sees to it himself.
            flock -n 9 || continue
            [ ! -e "$file" ] || start_tunnel
            flock -u 9
        done
        [ "$some" = 1 ] || return 0
        sleep 5 8>&- 9>&-
    done
}

if [ "$1" = watch ]; then
    watch_them
    exit
fi
if [ $# = 1 ]; then
    system=$1
    [ -e "$mounted/$system" ] || exit 0
    start_tunnel
    watch_tunnels
    exit 0
fi
if [ $# = 2 ]; then
    up "$1" "$2"
    exit
fi
exec 9>"$state/lock" 2>>"$state/boot.log"
flock -w 60 9 || exit 75
# The network may come later than this.
for try in $(seq "$tries_at_start"); do
    failed=0
    for file in "$state"/*.boot; do
        [ -s "$file" ] || continue
        system=${file##*/}
        up "${system%.boot}" "$(cat "$file")" || failed=1
    done
    [ "$failed" = 1 ] && [ "$try" -lt "$tries_at_start" ] || exit "$failed"
    sleep 5
done
