# dismount SYSTEM: as root, writes out and unmounts the file system, and ends its tunnel; it is not mounted at the next start either. Prints
# "point POINT", or "nothing" where it is not mounted.
state=/var/lib/fe2/efs
point=$(cat "$state/$1.point" 2>/dev/null)
if [ -z "$point" ]; then
    echo nothing
    exit 0
fi
exec 9>"$state/lock"
flock -w 60 9 || exit 75
# Without its tunnel nothing can be written out.
[ ! -x "$state/up" ] || "$state/up" "$1" </dev/null
if mountpoint -q "$point"; then
    sync -f "$point" 2>/dev/null
    if ! timeout 60 umount "$point" 2>"$state/mount.log"; then
        printf 'umount: %s\n' "$(tail -n 1 "$state/mount.log")" >&2
        exit 66
    fi
fi
# After a restart of the machine the number may be another program's.
pid=$(cat "$state/$1.pid" 2>/dev/null)
if [ -n "$pid" ] && tr '\000' ' ' 2>/dev/null < "/proc/$pid/cmdline" | grep -qF "$state/$1.conf"; then
    kill "$pid" 2>/dev/null
fi
rm -f "/run/fe2-efs/$1" "$state/$1.point" "$state/$1.conf" "$state/$1.pid" "$state/$1.boot"
if ! ls "$state"/*.boot >/dev/null 2>&1; then
    rm -f /var/lib/cloud/scripts/per-boot/fe2-efs
    if [ -f /etc/systemd/system/fe2-efs.service ]; then
        systemctl disable --quiet fe2-efs.service 2>/dev/null
        rm -f /etc/systemd/system/fe2-efs.service
    fi
    if crontab -l 2>/dev/null | grep -qF "$state/up"; then
        crontab -l | grep -vF "$state/up" | crontab -
    fi
fi
rmdir "$point" 2>/dev/null
echo "point $point"
