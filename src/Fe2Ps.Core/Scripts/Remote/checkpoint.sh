#!/bin/sh
# checkpoint check: says why this machine cannot keep the memory of programs, and ends with 1; nothing and 0 where it can.
# checkpoint ID: keeps the memory of the job's script and everything that it has started, with CRIU, as .fe2/checkpoint.tar in the job's
# folder: complete before the one before goes, and on the monitor not before the files that it belongs to. The script goes on.
# checkpoint ID ready: before a restore, unpacks it and sets the folder's files back to it. Exit code 1 when that cannot be.
# What a file was at that moment is known by its length: what has grown since is cut, what is new is set aside (.fe2/later). A file that
# was rewritten stays as it is.
# shellcheck source=lib.sh
. "$HOME/.fe2/lib.sh"
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin

check() {
    if ! command -v criu >/dev/null 2>&1; then
        echo "criu is not there and could not be installed"
        return 1
    fi
    if ! as_root true 2>/dev/null; then
        echo "the user $(id -un) may not use sudo without a password"
        return 1
    fi
    # A program that can do nothing here may say so by dying.
    answer=$(as_root criu check 2>&1 </dev/null) && return 0
    # The first and the last lines are of programs that it called, and of the end.
    answer=$(printf '%s\n' "$answer" | grep '^[^:]*Error' | grep -v -e 'exited, status' -e 'crtools.c' | tail -n 1 | sed 's/^([0-9.]*) *//; s/^Error ([^)]*): *//')
    echo "criu cannot work with the kernel $(uname -r)${answer:+ ($answer)}"
    return 1
}
if [ "$1" = check ]; then
    check
    exit
fi
open_job "$1"
images=$private/images
packed=$meta/checkpoint.tar

# manifest: every file of the folder and its length, and an end, so that a cut one is known.
manifest() {
    (cd "$dir" && find . -path ./.fe2 -prune -o -path '*/.fe2-partial' -prune -o -type f -printf '%s %p\0') 
    stat -c '%s ./.fe2/output.log' "$meta/output.log" | tr '\n' '\0'
    printf 'end\0'
}

names() { tr '\0' '\n' | sed 's/^[0-9]* //' | LC_ALL=C sort; }

# hold: while everything stands still, CRIU asks for it (post-dump).
if [ "${2-}" = hold ]; then
    [ "${CRTOOLS_SCRIPT_ACTION-}" = post-dump ] || exit 0
    manifest > "$private/manifest"
    exit
fi

note() {
    say "fe2: $*"
    put "$meta/checkpoint-note" "$(now) $*"
    as_root rm -rf "$images.new"
    exit 1
}

keep() {
    # Of two at once, one.
    exec 8>"$private/checkpoint.lock"
    flock -n 8 || exit 75
    alive "$private/held.pid" || exit 0
    read -r held _ < "$private/held.pid"
    as_root rm -rf "$images.new"
    rm -f "$private/manifest"
    mkdir -p "$images.new" || note "there is no room for a checkpoint"
    hold=$private/hold
    printf '#!/bin/sh\nHOME=%s exec %s %s hold\n' "$(quoted "$HOME")" "$(quoted "$fe2/checkpoint")" "$id" > "$hold.new" && chmod 700 "$hold.new" && mv -f "$hold.new" "$hold"
    # Sockets to other machines cannot be kept alive there; a program that has some is told so by its error.
    if ! as_root criu dump -t "$held" -D "$images.new" -o dump.log -v2 --leave-running --manage-cgroups=ignore --ext-unix-sk --file-locks \
        --ghost-limit 64M --action-script "$hold" </dev/null >/dev/null 2>&1 8>&- || ! [ -s "$private/manifest" ]; then
        why=$(as_root grep -m 1 'Error' "$images.new/dump.log" 2>/dev/null | sed 's/^([0-9.]*) *//')
        as_root rm -rf "$images.new"
        note "no checkpoint could be made: ${why:-criu failed}"
    fi
    cp "$private/manifest" "$images.new/manifest" 2>/dev/null || as_root cp "$private/manifest" "$images.new/manifest"
    # What the script wrote before must not come after it.
    [ ! -f "$private/ssh_config" ] || push --exclude=/.fe2/checkpoint.tar 2>/dev/null
    (umask 077 && as_root tar -C "$images.new" --exclude=./dump.log --exclude=./stats-dump -cf - . | gzip -1 > "$packed.new") || note "there is no room for a checkpoint"
    as_root rm -rf "$images.new"
    mv -f "$packed.new" "$packed" || note "there is no room for a checkpoint"
    put "$meta/checkpoint-at" "$(now)"
    rm -f "$meta/checkpoint-note"
    [ ! -f "$private/ssh_config" ] || push --include=/.fe2/ --include=/.fe2/checkpoint.tar --include=/.fe2/checkpoint-at '--exclude=*' 2>/dev/null
    exit 0
}

# set_back: the files as they were when the checkpoint was made. First it is seen that none is missing or shorter.
set_back() {
    missing=$(cd "$dir" && tr '\0' '\n' < "$images/manifest" | while read -r length file; do
        [ "$length" = end ] && { echo complete; continue; }
        [ -f "$file" ] && [ "$(stat -c %s "$file")" -ge "$length" ] || printf '%s ' "$file"
    done)
    case $missing in
        complete) ;;
        *complete) note "the checkpoint is newer than ${missing%complete}" ;;
        *) note "the checkpoint is cut off" ;;
    esac
    cd "$dir" || exit 1
    tr '\0' '\n' < "$images/manifest" | while read -r length file; do
        [ "$length" != end ] || continue
        [ "$(stat -c %s "$file")" = "$length" ] || truncate -s "$length" "$file"
    done
    names < "$images/manifest" > "$private/names"
    manifest | names | comm -13 "$private/names" - | while read -r file; do
        mkdir -p "$meta/later/$(dirname "$file")" && mv -f "$file" "$meta/later/$file"
    done
}

ready() {
    [ -s "$packed" ] || exit 1
    as_root rm -rf "$images"
    (umask 077 && mkdir -p "$images") || exit 1
    as_root tar -C "$images" -xzf - < "$packed" || note "the checkpoint is cut off"
    as_root chmod a+rx "$images" && as_root chmod a+r "$images/manifest"
    set_back
}

case ${2-} in
    '') keep ;;
    ready) ready ;;
    *) exit 64 ;;
esac
