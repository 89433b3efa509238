#!/bin/sh
# report [ID]: what this machine knows about its jobs, or about one. One field a line; texts in base64.
# shellcheck source=lib.sh
. "$HOME/.fe2/lib.sh"
encode() { base64 | tr -d '\n'; }

report_one() {
    meta=$1/.fe2
    job_name=${1##*/}
    [ -f "$meta/job.json" ] || return 0
    printf 'json %s\n' "$(encode < "$meta/job.json")"
    printf 'name %s\n' "$(printf %s "$job_name" | encode)"
    # On the machine that runs the job, the processes themselves tell whether it lives.
    # They come before the state: a job that ends in between has written its state by then.
    for private in "$fe2"/jobs/*; do
        if [ -f "$private/recovery.json" ] && [ "$(cat "$private/name")" = "$job_name" ]; then
            printf 'recovery %s\n' "$(encode < "$private/recovery.json")"
            [ ! -f "$private/supervise.note" ] || printf 'supervisor %s\n' "$(encode < "$private/supervise.note")"
            [ ! -f "$private/attempts" ] || printf 'attempts %s\n' "$(encode < "$private/attempts")"
            [ ! -f "$private/volumes" ] || printf 'volumes %s\n' "$(encode < "$private/volumes")"
        fi
        if [ -f "$private/run.pid" ] && [ "$(cat "$private/name")" = "$job_name" ]; then
            if alive "$private/run.pid"; then echo 'run 1'; else echo 'run 0'; fi
            if alive "$private/keep.pid"; then echo 'keep 1'; else echo 'keep 0'; fi
            printf 'session %s\n' "$(encode < "$private/session")"
        fi
    done
    for field in state exit-code started ended heartbeat stopped interrupted rebalance saved checkpoint-at checkpoint-note; do
        [ ! -f "$meta/$field" ] || printf '%s %s\n' "$field" "$(encode < "$meta/$field")"
    done
    printf 'bytes %s\n' "$(du -sb "$1" 2>/dev/null | cut -f 1)"
    echo end
}

if [ $# -gt 0 ]; then
    open_job "$1"
    report_one "$dir"
    exit 0
fi
for folder in "$HOME"/fastec2/*; do
    report_one "$folder"
done
exit 0
