#!/bin/sh
# supervise-admit ID [LINE]: on a machine of the job, lets the supervisor on the monitor in; without LINE, no more.
# shellcheck source=lib.sh
. "$HOME/.fe2/lib.sh"
case $1 in
    '' | *[!A-Za-z0-9_-]*) exit 64 ;;
esac
umask 077
mkdir -p "$HOME/.ssh" || exit 1
exec 9>"$HOME/.ssh/.fe2-lock"
flock 9 || exit 1
keys=$HOME/.ssh/authorized_keys
[ -f "$keys" ] || : > "$keys" || exit 1
changed=$(mktemp "$HOME/.ssh/.fe2-keys.XXXXXX") || exit 1
trap 'rm -f "$changed"' EXIT
awk -v mark="fe2-monitor:$1" '$NF != mark' "$keys" > "$changed" || exit 1
if [ -n "${2-}" ]; then
    printf '%s\n' "$2" >> "$changed" || exit 1
fi
chmod --reference="$keys" "$changed" 2>/dev/null || chmod 600 "$changed"
mv -f "$changed" "$keys"
