#!/bin/sh
# adopt INSTANCE: says which machine this home folder belongs to. Where it came here in an image of another machine, the
# other's jobs are not this one's: nothing of them runs, no key of them is used, and nobody's results are awaited. What they
# had written stays.
# shellcheck source=lib.sh
. "$HOME/.fe2/lib.sh"
lock "$fe2/machine.lock" 20 || exit 75
former=$(cat "$fe2/instance" 2>/dev/null)
[ "$former" != "$1" ] || exit 0
[ "$(cat "$fe2/drain/spot" 2>/dev/null)" = "$1" ] || rm -rf "$fe2/drain"
if [ -n "$former" ]; then
    for private in "$fe2"/jobs/*; do
        [ -d "$private" ] || continue
        name=$(cat "$private/name" 2>/dev/null; printf .)
        name=${name%.}
        meta=$HOME/fastec2/$name/.fe2
        case $(head -n 1 "$meta/state" 2>/dev/null) in
            finished | lost) ;;
            *)
                if [ -n "$name" ] && [ -d "$meta" ] && ! [ -L "$meta" ]; then
                    put "$meta/state" "lost
the job ran on $former; this machine was made from an image of it"
                fi
                ;;
        esac
        rm -rf "$private"
    done
    rm -f "$fe2/leave-wanted"
    # Whoever sends results sends them to the machine that was frozen.
    edit_keys 'fe2:*' || exit 1
fi
put "$fe2/instance" "$1"
