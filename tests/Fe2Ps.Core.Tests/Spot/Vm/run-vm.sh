#!/bin/sh
# run-vm FOLDER PART DISK: boots the machine of make-vm with PART's files below /part, whose "main" it runs, and DISK as /dev/vda, in
# software alone, and prints what it says.
set -e
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/files"
cp -r "$2" "$work/files/part"
{ cat "$1/base.cpio"; (cd "$work/files" && find part | cpio -o -H newc --quiet); } > "$work/initrd"
timeout 240 qemu-system-x86_64 -machine accel=tcg -cpu max -m 1500 -smp 1 -nographic -no-reboot -kernel "$1/vmlinuz" -initrd "$work/initrd" \
    -append 'console=ttyS0 quiet panic=-1 mitigations=off' -drive "file=$3,format=raw,if=virtio" -net none </dev/null
