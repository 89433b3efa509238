#!/bin/sh
# prepare [PACKAGE...]: installs what is missing of the packages, then says what this machine has.
# shellcheck source=lib.sh
. "$HOME/.fe2/lib.sh"

have() { command -v "$1" >/dev/null 2>&1 || [ -x "/usr/sbin/$1" ]; }

install_packages() {
    if command -v apt-get >/dev/null 2>&1; then
        set -- env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=120 -qy install --no-install-recommends "$@"
        as_root "$@" && return
        as_root apt-get -o DPkg::Lock::Timeout=120 -qq update
        as_root "$@"
    elif command -v dnf >/dev/null 2>&1; then
        as_root dnf -qy install "$@"
    elif command -v yum >/dev/null 2>&1; then
        as_root yum -qy install "$@"
    else
        say "fe2: neither apt-get nor dnf nor yum is here"
        return 1
    fi
}

missing=
for package in "$@"; do
    have "$package" || missing="$missing $package"
done
# One by one: a distribution without lsyncd still has the others.
for package in $missing; do
    install_packages "$package" </dev/null >&2 || say "fe2: $package could not be installed"
done

for program in tmux lsyncd rsync flock; do
    if have "$program"; then printf '%s=1\n' "$program"; else printf '%s=0\n' "$program"; fi
done
if as_root true 2>/dev/null; then echo sudo=1; else echo sudo=0; fi
for package in $missing; do
    have "$package" && printf 'installed=%s\n' "$package"
done
exit 0
