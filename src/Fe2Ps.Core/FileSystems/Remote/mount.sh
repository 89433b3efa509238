# mount SYSTEM HOST ADDRESS PORT POINT UID GID PERSIST UP: as root, mounts the file system by NFS 4.1 through a TLS tunnel of stunnel, whose
# other end must prove that it is HOST; with PERSIST 1 at each start of the machine from now on. UP is the text of up.sh, which does it.
# Prints "point POINT"; "already POINT" where it was mounted before. Exit code 73 where it is mounted elsewhere, 78 where it is mounted, but not for the next start.
system=$1
host=$2
address=$3
port=$4
point=$5
persist=$8
state=/var/lib/fe2/efs
settings=$state/$system.conf
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin

say() { printf '%s\n' "$*" >&2; }

installed() { find_stunnel >/dev/null && [ -x "$(command -v mount.nfs4)" ] && [ -n "$(find_authorities)" ]; }

find_authorities() {
    for file in /etc/ssl/certs/ca-certificates.crt /etc/pki/tls/certs/ca-bundle.crt; do
        if [ -f "$file" ]; then
            printf %s "$file"
            return
        fi
    done
}

find_stunnel() { command -v stunnel5 || command -v stunnel4 || command -v stunnel; }

install_all() {
    if command -v apt-get >/dev/null 2>&1; then
        export DEBIAN_FRONTEND=noninteractive
        apt-get install -y -q stunnel4 nfs-common ca-certificates || { apt-get update -q && apt-get install -y -q stunnel4 nfs-common ca-certificates; }
    elif command -v dnf >/dev/null 2>&1; then
        dnf install -y -q stunnel nfs-utils ca-certificates
    else
        yum install -y -q stunnel nfs-utils ca-certificates
    fi
}

# root_writes FILE MODE: what comes on standard input, whole or not at all.
root_writes() { (umask 022 && cat > "$1.new" && chmod "$2" "$1.new" && mv -f "$1.new" "$1"); }

# install_hook: the tunnel has to be there first, so a line in /etc/fstab would not do. As for jobs: cloud-init runs the programs of one
# folder at every start, where it is not a unit of systemd does, else cron. dismount.sh takes away what this makes.
install_hook() {
    if [ -d /var/lib/cloud/scripts/per-boot ]; then
        root_writes /var/lib/cloud/scripts/per-boot/fe2-efs 755 <<HOOK
#!/bin/sh
# Fe2Ps: mounts shared file systems after a restart of this machine.
[ -x $state/up ] || exit 0
setsid $state/up </dev/null >/dev/null 2>&1 &
HOOK
    elif [ -d /run/systemd/system ]; then
        root_writes /etc/systemd/system/fe2-efs.service 644 <<UNIT && systemctl enable --quiet fe2-efs.service
[Unit]
Description=Mounts shared file systems (Fe2Ps)
Wants=network-online.target
After=network-online.target
ConditionFileIsExecutable=$state/up

[Service]
Type=oneshot
RemainAfterExit=yes
KillMode=process
ExecStart=$state/up

[Install]
WantedBy=multi-user.target
UNIT
    elif command -v crontab >/dev/null 2>&1; then
        { crontab -l 2>/dev/null | grep -vF "$state/up"; printf '@reboot %s\n' "$state/up"; } | crontab -
    else
        return 1
    fi
}

persist_it() {
    [ "$persist" = 1 ] || return 0
    if ! printf '%s\n' "$point" > "$state/$system.boot" || ! install_hook; then
        rm -f "$state/$system.boot"
        say "there is nothing here that runs a program at each start"
        exit 78
    fi
}

umask 077
mkdir -p "$state"
exec 9>"$state/lock"
flock -w 60 9 || { say "another mount is under way"; exit 75; }
printf '%s' "$9" > "$state/up.new" && chmod 700 "$state/up.new" && mv -f "$state/up.new" "$state/up"
# A mount point whose tunnel has ended does not answer.
"$state/up" "$system" </dev/null
if [ "$(cat "$state/$system.point" 2>/dev/null)" = "$point" ] && mountpoint -q "$point"; then
    persist_it
    echo "already $point"
    exit 0
fi
if mountpoint -q "$point"; then
    say "$point is a mount point already"
    exit 65
fi
known=$(cat "$state/$system.point" 2>/dev/null)
if [ -n "$known" ] && mountpoint -q "$known"; then
    say "it is mounted on $known there"
    exit 73
fi
if ! installed && ! install_all </dev/null >"$state/install.log" 2>&1 9>&- || ! installed; then
    say "stunnel and the NFS client are missing here and could not be installed: $(tail -n 1 "$state/install.log")"
    exit 69
fi

cat > "$settings" <<CONF
foreground = no
pid = $state/$system.pid
output = $state/$system.log
syslog = no
debug = notice
socket = l:SO_REUSEADDR=yes
socket = a:SO_BINDTODEVICE=lo

[$system]
client = yes
accept = 127.0.0.1:$port
connect = $address:2049
sslVersionMin = TLSv1.2
verifyChain = yes
CAfile = $(find_authorities)
checkHost = $host
sni = $host
delay = yes
TIMEOUTbusy = 20
TIMEOUTclose = 0
TIMEOUTidle = 70
CONF
"$state/up" "$system" "$point" </dev/null || {
    code=$?
    kill "$(cat "$state/$system.pid" 2>/dev/null)" 2>/dev/null
    rmdir "$point" 2>/dev/null
    exit "$code"
}
printf '%s\n' "$point" > "$state/$system.point"
# A new file system belongs to root; whoever mounted it wants to write there.
if [ "$(stat -c %u "$point")" = 0 ] && [ -z "$(ls -A "$point")" ]; then
    chown "$6:$7" "$point"
fi
persist_it
echo "point $point"
