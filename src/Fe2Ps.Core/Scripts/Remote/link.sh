#!/bin/sh
# link ID ALIAS USER PORT KNOWN-HOSTS-LINE: on the target, makes the job's own key and the ssh_config that leads to the monitor.
# Prints the public key. The address follows with load, which tries several.
# shellcheck source=lib.sh
. "$HOME/.fe2/lib.sh"
open_job "$1"
umask 077
rm -f "$private/key" "$private/key.pub"
ssh-keygen -q -t ed25519 -N '' -C "fe2:$id" -f "$private/key" || exit 1
printf '%s\n' "$5" > "$private/known_hosts"
{
    echo "Host monitor"
    echo "HostKeyAlias $2"
    echo "User $3"
    echo "Port $4"
    echo "IdentityFile \"$private/key\""
    echo "UserKnownHostsFile \"$private/known_hosts\""
    echo "GlobalKnownHostsFile /dev/null"
    echo "IdentitiesOnly yes"
    echo "IdentityAgent none"
    echo "PreferredAuthentications publickey"
    echo "StrictHostKeyChecking yes"
    echo "UpdateHostKeys no"
    echo "CheckHostIP no"
    echo "BatchMode yes"
    echo "LogLevel ERROR"
    echo "ConnectTimeout 10"
    echo "ServerAliveInterval 5"
    echo "ServerAliveCountMax 3"
    # A path that is too long for a socket (108 bytes, 17 of them ssh's own) only costs the sharing.
    if [ ${#private} -lt 80 ]; then
        echo "ControlMaster auto"
        echo "ControlPersist 30"
        echo "ControlPath \"$private/m\""
    fi
} > "$private/ssh_config.base"
cat "$private/key.pub"
