#!/bin/sh
# up SYSTEM POINT: as root, starts the TLS tunnel of a shared file system where it does not run, and mounts the file system through it.
# up: does that for those that are to be mounted at each start of the machine; the hook that mount.sh writes calls it.
# Exit code 70 where the tunnel does not start, 71 where the file system cannot be mounted.
# Sources: "Mounting on your Linux instances with the NFS client" and "Encrypting data in transit" in the EFS user guide; stunnel(8).
state=/var/lib/fe2/efs
tries_at_start=10
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
umask 077

say() { printf '%s\n' "$*" >&2; }

find_stunnel() { command -v stunnel5 || command -v stunnel4 || command -v stunnel; }

# tunnel_lives: after a restart of the machine the number may be another program's.
tunnel_lives() {
    pid=$(cat "$state/$system.pid" 2>/dev/null)
    [ -n "$pid" ] && tr '\000' ' ' < "/proc/$pid/cmdline" 2>/dev/null | grep -qF "$state/$system.conf"
}

up() {
    system=$1
    point=$2
    mountpoint -q "$point" && return 0
    if ! tunnel_lives; then
        rm -f "$state/$system.pid"
        "$(find_stunnel)" "$state/$system.conf" </dev/null >"$state/start.log" 2>&1 9>&- || {
            say "stunnel does not start: $(tail -n 1 "$state/start.log")"
            return 70
        }
    fi
    port=$(sed -n 's/^accept = 127\.0\.0\.1://p' "$state/$system.conf")
    (umask 022 && mkdir -p "$point")
    timeout 60 mount -t nfs4 -o "nfsvers=4.1,rsize=1048576,wsize=1048576,hard,timeo=600,retrans=2,noresvport,port=$port" 127.0.0.1:/ "$point" 2>"$state/mount.log" 9>&- && return 0
    say "mount: $(tail -n 1 "$state/mount.log")$(sed -n '/CERT\|SSL_connect\|refused\|timed out\|failed/s/^/; stunnel: /p' "$state/$system.log" 2>/dev/null | tail -n 1)"
    return 71
}

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
