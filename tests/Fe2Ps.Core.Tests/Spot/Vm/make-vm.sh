#!/bin/sh
# make-vm FOLDER: makes what a small virtual machine boots from, of this Debian machine's own programs and Debian's own kernel (fetched
# with apt, not installed): FOLDER/vmlinuz and FOLDER/base.cpio. Takes some seconds, once.
set -e
folder=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$folder" "$work/root" "$work/kernel"
image=$(apt-cache depends linux-image-amd64 | sed -n 's/.*Depends: \(linux-image-[0-9].*\)/\1/p' | head -n 1)
(cd "$work" && apt-get download -qq "$image" 2>/dev/null)
dpkg-deb -x "$work"/linux-image-*.deb "$work/kernel"

root=$work/root
mkdir -p "$root/bin" "$root/usr/bin" "$root/usr/sbin" "$root/sbin" "$root/proc" "$root/sys" "$root/dev" "$root/tmp" "$root/root" "$root/etc" "$root/run" "$root/modules"
copy() {
    for file in "$@"; do
        real=$(readlink -f "$(which "$file" || echo "$file")")
        [ -f "$real" ] || { echo "missing: $file" >&2; exit 1; }
        cp -L "$real" "$root/usr/bin/${file##*/}"
        ldd "$real" 2>/dev/null | grep -o '/[^ ]*' | while read -r library; do
            mkdir -p "$root$(dirname "$library")"
            cp -L "$library" "$root$library"
        done
    done
}
copy sh bash cat cp mv rm ln ls mkdir mkfifo mktemp rmdir chmod touch stat date sleep head tail wc cut tr sort comm env id readlink dirname \
    basename sha256sum base64 truncate timeout uname dd sync find sed grep awk gzip tar setsid flock kill ps mount umount switch_root dmesg expr test true \
    false tee seq od printf busybox
copy /usr/sbin/criu
rm -rf "$root/bin" "$root/sbin" "$root/usr/sbin"
ln -s usr/bin "$root/bin"; ln -s usr/bin "$root/sbin"; ln -s bin "$root/usr/sbin"
printf 'root:x:0:0::/root:/bin/bash\n' > "$root/etc/passwd"
printf 'root:x:0:\n' > "$root/etc/group"
# The modules that the disk needs and that criu asks for, in an order in which each finds what it needs.
modules=$(find "$work/kernel/lib/modules" -maxdepth 1 -mindepth 1)
for name in virtio_ring virtio virtio_pci_legacy_dev virtio_pci_modern_dev virtio_pci virtio_blk unix_diag inet_diag tcp_diag udp_diag raw_diag af_packet_diag netlink_diag tun crc32c_generic libcrc32c nfnetlink nf_tables veth; do
    file=$(find "$modules" -name "$name.ko*" | head -n 1)
    [ -z "$file" ] || cp "$file" "$root/modules/$(printf %02d "$(find "$root/modules" -type f | wc -l)")-$name.ko"
done
cat > "$root/init" <<'INIT'
#!/bin/sh
# criu does not know the first file system of a kernel, so what is here moves to another one.
export PATH=/usr/bin HOME=/root
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs devtmpfs /dev
mkdir -p /new
mount -t tmpfs -o size=700m tmpfs /new
for part in /usr /lib /lib64 /etc /root /modules /part /bin /sbin; do [ -e $part ] && cp -a $part /new/; done
mkdir -p /new/proc /new/sys /new/dev /new/tmp /new/run
for part in /proc /sys /dev; do mount --move $part /new$part; done
exec switch_root /new /bin/sh /part/main
INIT
chmod 755 "$root/init"
(cd "$root" && find . | cpio -o -H newc --quiet) > "$work/base.cpio"
cp "$work"/kernel/boot/vmlinuz-* "$folder/vmlinuz"
mv "$work/base.cpio" "$folder/base.cpio"
