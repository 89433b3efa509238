#!/bin/sh
# What the virtual machine does: a server of NFS 4.1 behind TLS, as EFS is one, in a network of its own, and the scripts of the product on
# the machine. The first boot mounts, the second one is the machine after a restart; the disk has the server's files and what a machine keeps.
here=$(cat /part/here)
system=fs-0123456789abcdef0
name=$system.efs.us-east-2.amazonaws.com
port=20545
point='/mnt/shared folder'
say() { echo "VM $here: $*"; }
give_up() { say "$*"; tail -n 30 /var/lib/fe2/efs/*.log /root/server.log 2>/dev/null; exit 1; }
until_true() {
    n=0
    until eval "$1" >/dev/null 2>&1; do n=$((n + 1)); [ $n -lt 300 ] || give_up "never: $1"; sleep 0.2; done
}
tunnels() { ps -eo args | grep -c '^[^ ]*stunnel[^ ]* /var/lib/fe2/efs/'; }
watchers() { ps -eo pid,args | grep '/var/lib/fe2/efs/u[p] watch'; }
mounts() { grep -c 'shared.040folder nfs4 ' /proc/mounts; }
left() { echo "$(mounts) mounts, $(tunnels) tunnels, $(ls -A /var/lib/fe2/efs | grep -v -e '^lock$' -e 'watch.lock$' -e 'log$' -e '^up$' | wc -l) files, $(ls -A /var/lib/cloud/scripts/per-boot | wc -l) hooks"; }
mount_it() { sh -s "$system" "$name" 10.9.0.2 $port "$point" 1000 1000 "$1" "$(cat /part/remote/up.sh)" < /part/remote/mount.sh 2>&1; echo "exit code $?"; }
dismount_it() { sh -s "$system" < /part/remote/dismount.sh 2>&1; echo "exit code $?"; }
kill_tunnel() { pid=$(cat /var/lib/fe2/efs/$system.pid); kill -9 "$pid"; until_true '[ ! -d /proc/$pid ]'; }

# The server: its network has one way in, where TLS is spoken.
disk=/mnt/disk
mkdir -p $disk /etc/ssl/certs /var/lib/nfs/v4recovery /var/lib/cloud/scripts/per-boot
[ "$here" != 1 ] || mkfs.ext4 -q -F /dev/vda
mount /dev/vda $disk
unshare -n sleep 86400 &
server=$!
until_true '[ "$(readlink /proc/$server/ns/net)" != "$(readlink /proc/self/ns/net)" ]'
in_server() { nsenter -t $server -n "$@"; }
ip link add to-server type veth peer name to-client netns $server
ip addr add 10.9.0.1/24 dev to-server; ip link set to-server up
in_server ip link set lo up; in_server ip addr add 10.9.0.2/24 dev to-client; in_server ip link set to-client up
tls=$disk/tls
certificate() {
    openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$tls/$1.key" -subj "/CN=$2" -addext "subjectAltName=DNS:$2" -config $tls/conf -out $tls/csr &&
        openssl x509 -req -in $tls/csr -CA $tls/ca.pem -CAkey $tls/ca.key -CAcreateserial -days 2 -copy_extensions copy -out "$tls/$1.pem"
}
if [ "$here" = 1 ]; then
    mkdir $disk/shared $tls
    printf '[req]\ndistinguished_name=dn\n[dn]\n' > $tls/conf
    {
        openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout $tls/ca.key -subj '/CN=An authority' -addext basicConstraints=critical,CA:TRUE -days 2 -config $tls/conf -out $tls/ca.pem &&
            certificate right "$name" && certificate wrong "fs-0fedcba9876543210.efs.us-east-2.amazonaws.com"
    } 2>/root/server.log || give_up "no certificates"
else
    cp -a $disk/kept/. /var/lib/
fi
cp $tls/ca.pem /etc/ssl/certs/ca-certificates.crt
serve_tls() {
    cat $tls/"$1".key $tls/"$1".pem > /root/server.pem
    printf 'foreground = yes\npid =\nsyslog = no\noutput = /root/server.log\n[nfs]\naccept = 10.9.0.2:2049\nconnect = 127.0.0.1:2049\ncert = /root/server.pem\n' > /root/server.conf
    nsenter -t $server -n stunnel4 /root/server.conf 2>/dev/null &
    tls_server=$!
    until_true 'in_server bash -c "</dev/tcp/10.9.0.2/2049"'
}
printf "nfs 2049/tcp\nnfs 2049/udp\n" > /etc/services
touch /etc/exports /var/lib/nfs/etab /var/lib/nfs/rmtab
in_server mount -t nfsd nfsd /proc/fs/nfsd
echo 10 > /proc/fs/nfsd/nfsv4gracetime; echo 10 > /proc/fs/nfsd/nfsv4leasetime
in_server exportfs -o rw,insecure,no_root_squash,no_subtree_check,fsid=0 "*:$disk/shared" || give_up "no export"
in_server rpc.mountd -N 3 >/dev/null 2>&1
in_server rpc.nfsd --host 127.0.0.1 --no-nfs-version 3 4 || give_up "no NFS server"
until_true 'in_server bash -c "</dev/tcp/127.0.0.1/2049"'
{ echo Y > /proc/fs/nfsd/v4_end_grace; } 2>/dev/null

if [ "$here" = 1 ]; then
    serve_tls wrong
    say "another's certificate: $(mount_it 0 | tail -n 2 | tr '\n' ' ')"
    until_true '[ "$(tunnels)" = 0 ]'
    say "then: $(mounts) mounts, $(tunnels) tunnels"
    kill $tls_server; wait $tls_server 2>/dev/null

    serve_tls right
    say "mounted: $(mount_it 0 | tr '\n' ' ')"
    say "as: $(grep ' nfs4 ' /proc/mounts)"
    say "its owner: $(stat -c %u:%g "$point")"
    head -c 3000000 /dev/urandom > "$point/data"; sync -f "$point"
    [ "$(sha256sum < "$point/data")" = "$(sha256sum < $disk/shared/data)" ] && say "the server has what was written"
    say "again: $(mount_it 0 | tr '\n' ' ')"
    sleep 86400 9< "$point/data" &
    say "busy: $(dismount_it | tr '\n' ' ')"
    kill $!; wait $! 2>/dev/null

    # The tunnel ends: whoever reads waits until it is there again.
    kill_tunnel
    echo more > "$point/more"; sync -f "$point"
    [ "$(cat $disk/shared/more)" = more ] && say "written through the next tunnel: $(tunnels)"
    # And while nobody looks after it.
    watchers | while read -r pid _; do kill -9 "$pid"; done
    kill_tunnel
    say "dismounted without a tunnel: $(dismount_it | tr '\n' ' ')"
    until_true '[ "$(tunnels)$(watchers)" = 0 ]'
    say "left: $(left)"
    say "nothing to do: $(dismount_it | tr '\n' ' ')"

    say "for each start: $(mount_it 1 | tr '\n' ' ')"
    echo late > "$point/late"; sync -f "$point"
    mkdir $disk/kept && cp -a /var/lib/fe2 /var/lib/cloud $disk/kept/ && sync
else
    serve_tls right
    say "before: $(mounts) mounts, $(tunnels) tunnels"
    for hook in /var/lib/cloud/scripts/per-boot/*; do "$hook"; done
    until_true '[ "$(mounts)" = 1 ]'
    [ "$(sha256sum < "$point/data")" = "$(sha256sum < $disk/shared/data)" ] && say "mounted again: $(cat "$point/late")"
    kill_tunnel
    echo after > "$point/after"; sync -f "$point"
    say "written through the next tunnel: $(cat $disk/shared/after) $(tunnels)"
    say "dismounted: $(dismount_it | tr '\n' ' ')"
    until_true '[ "$(tunnels)$(watchers)" = 0 ]'
    say "left: $(left)"
fi
say "the end"
