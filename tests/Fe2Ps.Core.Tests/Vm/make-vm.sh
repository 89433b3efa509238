#!/bin/sh
# make-vm CACHE: makes what a small virtual machine boots from, once, and prints the folder below CACHE where it is: vmlinuz and base.cpio.
# The kernel is Debian's own for virtual machines, which has nothing to look for and so starts in seconds; it, and the programs that not
# every machine has, are fetched with apt and unpacked, not installed. The others are this machine's own.
set -e
mkdir -p "$1"
key=$({ cat "$0"; dpkg-query -W base-files bash coreutils libc6 util-linux; } | sha256sum | cut -c 1-16)
folder=$1/vm-$key
# Two runs of the tests at once make one.
exec 9>"$folder.lock"
flock 9
if [ -d "$folder" ]; then
    echo "$folder"
    exit
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/debs/partial" "$work/kernel" "$work/more" "$work/made"

fetch() {
    image=$(apt-cache depends linux-image-cloud-amd64 | sed -n 's/.*Depends: \(linux-image-[0-9].*\)/\1/p' | head -n 1)
    (cd "$work" && apt-get download -qq -o APT::Sandbox::User=root "$image") &&
        apt-get -qq -y -o Debug::NoLocking=1 -o APT::Sandbox::User=root -o "Dir::Cache::archives=$work/debs" --no-install-recommends --reinstall \
            --download-only install busybox-static criu stunnel4 nfs-common nfs-kernel-server
}
# Lists that are old name packages that are gone.
fetch >"$work/said" 2>&1 || { apt-get update -qq && fetch; } >"$work/said" 2>&1 || { tail -n 3 "$work/said" >&2; exit 1; }
dpkg-deb -x "$work"/linux-image-*.deb "$work/kernel"
for package in "$work"/debs/*.deb; do dpkg-deb -x "$package" "$work/more"; done

root=$work/root
mkdir -p "$root/usr/bin" "$root/usr/lib" "$root/usr/lib64" "$root/proc" "$root/sys" "$root/dev" "$root/root" "$root/etc" "$root/modules"
for part in bin lib lib64; do ln -s usr/$part "$root/$part"; done
ln -s usr/bin "$root/sbin"; ln -s bin "$root/usr/sbin"
more=$work/more
PATH=$more/usr/bin:$more/usr/sbin:$more/bin:$more/sbin:$PATH:/usr/sbin:/sbin
LD_LIBRARY_PATH=$(find "$more" -name '*.so.*' -printf '%h\n' | sort -u | tr '\n' ':')
set -- sh bash cat cp mv rm ln ls mkdir mkfifo mktemp rmdir chmod chown touch stat date sleep head tail wc cut tr sort comm env id readlink dirname \
    basename sha256sum base64 truncate timeout uname dd sync find sed grep awk gzip tar setsid flock kill ps mount umount mountpoint nsenter unshare \
    switch_root dmesg expr test true false tee seq od printf ip mkfs.ext4 openssl busybox criu stunnel4 mount.nfs4 umount.nfs4 exportfs rpc.mountd rpc.nfsd
files=$work/files
for program in "$@"; do
    file=$(command -v "$program" | grep '^/' || PATH=$PATH which "$program") || { echo "missing: $program" >&2; exit 1; }
    cp -L "$file" "$root/usr/bin/$program"
    echo "$root/usr/bin/$program"
done > "$files"
# The last one is not linked with programs that end threads, but loaded then.
# shellcheck disable=SC2046
{
    LD_LIBRARY_PATH=$LD_LIBRARY_PATH ldd $(cat "$files") 2>/dev/null | grep -v ':$' | grep -o '/[^ ]*'
    PATH=$PATH ldconfig -p | sed -n 's/.*libgcc_s\.so\.1 (libc6,x86-64.* => //p'
} | sort -u | while read -r library; do
    to=$root/${library#"$more"}
    mkdir -p "${to%/*}"
    cp -L "$library" "$to"
done
printf 'root:x:0:0::/root:/bin/bash\n' > "$root/etc/passwd"
printf 'root:x:0:\n' > "$root/etc/group"
printf '127.0.0.1 localhost\n' > "$root/etc/hosts"
# Names that NFS may look up; not every system has each of them.
for file in netconfig protocols rpc; do
    [ ! -f "/etc/$file" ] || cp "/etc/$file" "$root/etc/"
done

# What the disk, the network and NFS need, and what criu asks for; each module after those that it needs.
modules="virtio_pci virtio_blk veth nfs nfsv4 nfsd tun unix_diag inet_diag tcp_diag udp_diag raw_diag af_packet_diag netlink_diag nf_tables"
file_of() { find "$work/kernel/lib/modules" -name "$(printf %s "$1" | sed 's/[-_]/[-_]/g').ko*"; }
while [ -n "$modules" ]; do
    more_modules=
    for module in $modules; do
        file=$(file_of "$module")
        # What is not found is in the kernel itself.
        [ -n "$file" ] || continue
        printf '%s %s\n' "$module" "$module"
        for other in $(tr '\000' '\n' < "$file" | sed -n 's/^depends=//p' | tr ',' ' '); do
            printf '%s %s\n' "$other" "$module"
            more_modules="$more_modules $other"
        done
    done
    modules=$more_modules
done > "$work/pairs"
count=100
for module in $(tsort "$work/pairs"); do
    count=$((count + 1))
    cp "$(file_of "$module")" "$root/modules/$count-$module.ko"
done

cat > "$root/init" <<'INIT'
#!/bin/sh
# criu does not know the first file system of a kernel, so what is here moves to another one.
export PATH=/usr/bin HOME=/root
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs devtmpfs /dev
mkdir /new
mount -t tmpfs tmpfs /new
cp -a /usr /etc /root /part /bin /lib /lib64 /sbin /new/
cd /new && mkdir proc sys dev tmp run var mnt
mkdir /run
for module in /modules/*; do busybox insmod "$module"; done
mount -t tmpfs tmpfs /run
for part in /proc /sys /dev /run; do mount -n --move $part /new$part; done
exec switch_root /new /bin/sh -c '
    mkdir /dev/pts /dev/shm; mount -t devpts devpts /dev/pts; mount -t tmpfs tmpfs /dev/shm
    ip link set lo up
    cd /root && sh /part/main </dev/null
    busybox poweroff -f'
INIT
chmod 755 "$root/init"
(cd "$root" && find . | cpio -o -H newc -R 0:0 --quiet) > "$work/made/base.cpio"
cp "$work"/kernel/boot/vmlinuz-* "$work/made/vmlinuz"
rm -rf "$folder.new"
cp -r "$work/made" "$folder.new"
mv "$folder.new" "$folder"
echo "$folder"
