#!/bin/sh
# run-vm FOLDER PART DISK SECONDS: boots what make-vm made in FOLDER, with PART's files below /part, whose "main" it runs, and DISK as
# /dev/vda, and prints what it says; ends it after SECONDS. In software alone, which is the same everywhere: it starts in seconds, and not each
# /dev/kvm that can be opened can run a machine.
set -e
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/files"
cp -r "$2" "$work/files/part"
{ cat "$1/base.cpio"; (cd "$work/files" && find part | cpio -o -H newc -R 0:0 --quiet); } > "$work/initrd"
timeout -k 5 "$4" qemu-system-x86_64 -machine accel=tcg -cpu max -m 768 -smp 1 -nographic -no-reboot -kernel "$1/vmlinuz" -initrd "$work/initrd" \
    -append 'console=ttyS0 quiet panic=-1 mitigations=off edd=off no_timer_check nokaslr audit=0 random.trust_cpu=on' \
    -drive "file=$3,format=raw,if=virtio,cache=unsafe" -net none </dev/null
