#!/bin/sh
# prepare [PACKAGE...]: installs what is missing of the packages, then says what this machine has, and why a package could not
# be installed.
# shellcheck source=lib.sh
. "$HOME/.fe2/lib.sh"

have() { command -v "$1" >/dev/null 2>&1 || [ -x "/usr/sbin/$1" ]; }

# try COMMAND...: as root. What it says goes to answer and to standard error; its language is English, so that it can be read. Nobody is
# asked anything, and Ubuntu's needrestart only lists the services that it would restart: they are the owner's.
try() {
    answer=$(as_root env LC_ALL=C DEBIAN_FRONTEND=noninteractive NEEDRESTART_MODE=l "$@" 2>&1 </dev/null)
    tried=$?
    [ -z "$answer" ] || say "$answer"
    return $tried
}

# apt_get ARGUMENT...: waits for whoever has apt's locks. A machine that was just born updates itself. DPkg::Lock::Timeout is for
# dpkg's lock alone: the lists and the archives have locks of their own, for which apt-get does not wait.
apt_get() {
    until try apt-get -q -y -o DPkg::Lock::Timeout=60 "$@"; do
        case $answer in
            *'Could not get lock'* | *'Unable to lock '* | *'Unable to acquire the dpkg frontend lock'*) ;;
            *) return 1 ;;
        esac
        [ "$(date +%s)" -lt "$patience" ] || return 1
        sleep 1
    done
}

# apt_install PACKAGE: the lists may be missing, or older than the archive.
apt_install() {
    apt_get install --no-install-recommends "$1" && return
    if [ -z "$updated" ]; then
        updated=1
        apt_get update
        apt_get install --no-install-recommends "$1"
    fi
}

install_package() {
    answer=
    if [ "$(id -u)" != 0 ] && ! as_root true 2>/dev/null; then
        answer="the user $(id -un) may not use sudo without a password"
        return 1
    elif command -v apt-get >/dev/null 2>&1; then
        apt_install "$1"
    elif command -v dnf >/dev/null 2>&1; then
        try dnf -q -y install "$1"
    elif command -v yum >/dev/null 2>&1; then
        try yum -q -y install "$1"
    else
        answer="neither apt-get nor dnf nor yum is here"
        return 1
    fi
}

# reason: the line of answer that says what was wrong.
reason() {
    printf '%s\n' "$answer" | awk '
        /^(E|Error):/ && !first { first = $0 }
        NF { last = $0 }
        END { line = first ? first : last; sub(/^(E|Error): */, "", line); print line }'
}

patience=$(($(date +%s) + 300))
updated=
missing=
for package in "$@"; do
    have "$package" || missing="$missing $package"
done
# One by one: a distribution without lsyncd still has the others.
for package in $missing; do
    if install_package "$package" && have "$package"; then
        printf 'installed=%s\n' "$package"
    else
        printf 'refused=%s %s\n' "$package" "$(reason)"
    fi
done

for program in tmux lsyncd rsync flock; do
    if have "$program"; then printf '%s=1\n' "$program"; else printf '%s=0\n' "$program"; fi
done
if as_root true 2>/dev/null; then echo sudo=1; else echo sudo=0; fi
exit 0
