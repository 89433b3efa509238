#!/bin/sh
# authorize ID load|write KEY...: on the monitor, lets the job's key read (load) or write its folder, and nothing else.
# shellcheck source=lib.sh
. "$HOME/.fe2/lib.sh"
open_job "$1"
# $3 and $4: the key's type and blob, made by link. Its end tells receive which key it was called for.
its_end=$(printf %s "$4" | tail -c 16)
case $2 in
    load) options="--load $id $its_end" ;;
    write) options="$id $its_end" ;;
    *) exit 64 ;;
esac
edit_keys "fe2:$id" "restrict,command=\"~/.fe2/receive $options\" $3 $4 fe2:$id"
