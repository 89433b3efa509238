# mount SYSTEM HOST ADDRESS PORT POINT UID GID: as root, mounts the file system by NFS 4.1 through a TLS tunnel of stunnel, whose other
# end must prove that it is HOST. Prints "point POINT"; "already POINT" where it was mounted before.
# Sources: "Mounting on your Linux instances with the NFS client" and "Encrypting data in transit" in the EFS user guide; stunnel(8).
system=$1
host=$2
address=$3
port=$4
point=$5
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

umask 077
mkdir -p "$state"
exec 9>"$state/lock"
flock -w 60 9 || { say "another mount is under way"; exit 75; }
if [ "$(cat "$state/$system.point" 2>/dev/null)" = "$point" ] && mountpoint -q "$point"; then
    echo "already $point"
    exit 0
fi
if mountpoint -q "$point"; then
    say "$point is a mount point already"
    exit 65
fi
if ! installed && ! install_all </dev/null >"$state/install.log" 2>&1 9>&- || ! installed; then
    say "stunnel and the NFS client are missing here and could not be installed: $(tail -n 1 "$state/install.log")"
    exit 69
fi

tunnel_lives() { kill -0 "$(cat "$state/$system.pid" 2>/dev/null)" 2>/dev/null; }

if ! tunnel_lives; then
    cat > "$settings" <<CONF
foreground = no
pid = $state/$system.pid
output = $state/$system.log
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
    "$(find_stunnel)" "$settings" </dev/null >"$state/start.log" 2>&1 9>&- || {
        say "stunnel does not start: $(tail -n 1 "$state/start.log")"
        exit 70
    }
fi

(umask 022 && mkdir -p "$point")
if ! timeout 60 mount -t nfs4 -o "nfsvers=4.1,rsize=1048576,wsize=1048576,hard,timeo=600,retrans=2,noresvport,port=$port" 127.0.0.1:/ "$point" 2>"$state/mount.log" 9>&-; then
    say "mount: $(tail -n 1 "$state/mount.log")$(sed -n '/CERT\|SSL_connect\|refused\|timed out\|failed/s/^/; stunnel: /p' "$state/$system.log" 2>/dev/null | tail -n 1)"
    kill "$(cat "$state/$system.pid" 2>/dev/null)" 2>/dev/null
    rmdir "$point" 2>/dev/null
    exit 71
fi
printf '%s\n' "$point" > "$state/$system.point"
# A new file system belongs to root; whoever mounted it wants to write there.
if [ "$(stat -c %u "$point")" = 0 ] && [ -z "$(ls -A "$point")" ]; then
    chown "$6:$7" "$point"
fi
echo "point $point"
