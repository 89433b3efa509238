# What the scripts of this folder share. A job is known by its id; ~/.fe2/jobs/<id> is private to this machine,
# ~/fastec2/<name>/.fe2 is part of the results and travels with them.
# shellcheck shell=sh disable=SC2034 # the variables are read by the scripts that include this
umask 022
fe2=$HOME/.fe2

say() { printf '%s\n' "$*" >&2; }

# quoted TEXT: as one word for a shell, on this machine or another.
quoted() { printf "'%s'" "$(printf %s "$1" | sed "s/'/'\\\\''/g")"; }

now() { date -u +%Y-%m-%dT%H:%M:%SZ; }

# open_job ID: sets id, private, name, dir, meta.
open_job() {
    id=$1
    case $id in
        '' | *[!A-Za-z0-9_-]*) say "fe2: bad job id"; exit 64 ;;
    esac
    private=$fe2/jobs/$id
    name=$(cat "$private/name" 2>/dev/null; printf .)
    name=${name%.}
    if [ -z "$name" ]; then
        say "fe2: no job $id here"
        exit 66
    fi
    dir=$HOME/fastec2/$name
    meta=$dir/.fe2
    # What a target brings may be a link that leads elsewhere: nothing is written through it.
    if [ -L "$meta" ]; then
        say "fe2: $meta is a link"
        exit 77
    fi
    # Memory, not disk: what must be kept when the disk is full.
    if [ -d /dev/shm ] && [ -w /dev/shm ]; then
        end_file=/dev/shm/fe2-$id.end
    else
        end_file=$private/end
    fi
}

# put FILE TEXT: readers see the old text or the new one, never half of it. A new file each time (-C): on the monitor, a
# link of that name could have been sent by the target.
put() (
    set -C
    rm -f "$1.new"
    { printf '%s\n' "$2" > "$1.new"; } 2>/dev/null && mv -fT "$1.new" "$1" 2>/dev/null
)

# stat_of PID: the fields of /proc/PID/stat after the name, which may hold spaces and parentheses.
stat_of() { sed 's/^.*) //' "/proc/$1/stat" 2>/dev/null; }

# born PID: when the process started, so that a number used again is not mistaken for it.
born() { stat_of "$1" | cut -d ' ' -f 20; }

session_of() { stat_of "$1" | cut -d ' ' -f 4; }

# remember FILE PID
remember() { put "$1" "$2 $(born "$2")"; }

# alive FILE: whether the process that remember wrote down still runs. Without another process: when the machine goes down, all of them
# are asked to end, and one that was to look would leave the answer no, about a script that is saving.
alive() {
    [ -f "$1" ] || return 1
    read -r alive_pid alive_born < "$1" || return 1
    [ -n "$alive_born" ] && { IFS= read -r alive_stat < "/proc/$alive_pid/stat"; } 2>/dev/null || return 1
    # shellcheck disable=SC2086 # its words: the state is the first after the name, the birth the twentieth
    set -- ${alive_stat##*) }
    [ "${20-}" = "$alive_born" ] && [ "$1" != Z ]
}

# session_members SID EXCEPT: every process of a session but one. Sessions 0 and 1 are the machine's own: an unknown number
# must never stand for them.
session_members() {
    case $1 in
        '' | 0 | 1 | *[!0-9]*) return 0 ;;
    esac
    for proc in /proc/[0-9]*; do
        member=${proc#/proc/}
        [ "$member" != "$2" ] && [ "$(session_of "$member")" = "$1" ] && printf '%s\n' "$member"
    done
}

# script_members WRAPPER: every process of the script: those of its terminal's session but the wrapper, and where its memory can be
# kept, those of a session of its own.
script_members() {
    session_members "$(session_of "$1")" "$1"
    if alive "$private/held.pid"; then
        read -r held _ < "$private/held.pid"
        session_members "$held" 0
    fi
}

# lock FILE SECONDS: for the rest of this script, no other one has this lock. What runs on must close it: 9>&-.
lock() {
    exec 9>"$1" && flock -w "$2" 9
}

# boot: the machine's present run.
boot() { cat /proc/sys/kernel/random/boot_id 2>/dev/null; }

# life: the machine's time between a start and a stop; in a container, which shares its kernel, the first process tells.
life() { printf '%s %s' "$(boot)" "$(born 1)"; }

# is_fresh FILE: no older than two minutes.
is_fresh() { [ -n "$(find "$1" -mmin -2 2>/dev/null)" ]; }

# leave_wanted: how a job that has ended wants the machine to leave, or nothing. A wish from before the machine's last start
# was settled by whoever started it.
leave_wanted() {
    [ -f "$fe2/leave-wanted" ] || return 0
    read -r wish_left wish_boot < "$fe2/leave-wanted"
    [ "$wish_boot" != "$(boot)" ] || printf %s "$wish_left"
}

# collects: whether this machine is the monitor of a job that is not over.
collects() { grep -q '/\.fe2/receive .* fe2:[A-Za-z0-9_-]*$' "$HOME/.ssh/authorized_keys" 2>/dev/null; }

# works JOB-FOLDER: whether a job lives here.
works() { alive "$1/run.pid" || alive "$1/keep.pid"; }

# rests JOB-FOLDER: whether a job waits here for the end of an interruption (keep), in this run of the machine or in its sleep.
rests() { [ -f "$1/resting" ] && [ "$(cat "$1/resting")" = "$(life)" ]; }

works_for_others() {
    for other in "$fe2"/jobs/*; do
        [ "$other" != "$private" ] && works "$other" && return 0
    done
    return 1
}

# other_end ONEXIT: says which job here, living or being prepared, wants another end of the machine than this.
other_end() {
    for other in "$fe2"/jobs/*; do
        [ "$other" != "$private" ] || continue
        case $(cat "$other/onexit" 2>/dev/null) in
            "$1" | None | '') continue ;;
        esac
        if works "$other" || { ! [ -L "$other/started" ] && [ -n "$(find "$other/name" -mmin -10)" ]; }; then
            cat "$other/name"
            return
        fi
    done
    case $(leave_wanted) in
        "$1" | '') ;;
        *) printf 'a job that has ended' ;;
    esac
}

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi
}

# edit_keys MARK [LINE]: takes the line that ends with MARK out of authorized_keys, puts LINE in: fe2:ID, by which a job's target comes
# in (fe2:* is every job's), or fe2-monitor:ID, the supervisor's. Locked, atomic; other lines stay as they are.
edit_keys() (
    umask 077
    mkdir -p "$HOME/.ssh" || exit 1
    exec 9>"$HOME/.ssh/.fe2-lock"
    flock 9 || exit 1
    keys=$HOME/.ssh/authorized_keys
    [ -f "$keys" ] || : > "$keys" || exit 1
    next=$(mktemp "$HOME/.ssh/.fe2-keys.XXXXXX") || exit 1
    trap 'rm -f "$next"' EXIT
    awk -v mark="$1" '!(($NF == mark || (mark == "fe2:*" && $NF ~ /^fe2:/)) && (mark !~ /^fe2:/ || index($0, "/.fe2/receive ")))' \
        "$keys" > "$next" || exit 1
    if [ -n "${2-}" ]; then
        printf '%s\n' "$2" >> "$next" || exit 1
    fi
    chmod --reference="$keys" "$next" 2>/dev/null || chmod 600 "$next"
    mv -f "$next" "$keys"
)

# may_resume: whether a job may be started once more on this machine: it was asked for, nobody stopped it, and it was not started
# again as often as it may be.
may_resume() {
    [ -s "$private/recover" ] && [ -s "$private/attempt" ] && ! [ -f "$meta/stopped" ] || return 1
    read -r most_restarts on_error < "$private/recover"
    [ "$(cat "$private/attempt")" -le "$most_restarts" ]
}

# has_finished: whether the script has come to its end, and all of its results are there.
has_finished() { [ "$(head -n 1 "$meta/state" 2>/dev/null)" = finished ] && [ "$(head -n 1 "$meta/exit-code" 2>/dev/null)" = 0 ]; }

# clear_marks: what was written down about a time before.
clear_marks() {
    for mark in exit-code ended interrupted rebalance saved; do
        rm -f "$meta/$mark"
    done
}

rsync=rsync

# push [OPTION...]: on the target, one pass over the job's folder to the monitor. Nothing is ever deleted there.
push() {
    $rsync -rlpt --chmod=u+rwX --partial-dir=.fe2-partial \
        --exclude='/.fe2/*.new' --exclude=.fe2-partial --exclude=/.fe2/sync.log \
        -e "ssh -F '$private/ssh_config'" "$@" "$dir/" monitor:./
}

# let_pass: a machine that goes down asks its processes one after the other to end, those too that have just been started. What is to
# be found out or written down by other programs has to wait until it has asked all.
let_pass() {
    for _ in 1 2 3 4 5; do
        sleep 0.2
    done
}

# stay PID: where systemd is, a process gets a scope of the job's own, with what it starts from now on. There it lives
# on when the session ends that it came from, whatever logind does then (KillUserProcesses); when the machine goes down, it is asked
# to end once (the processes of a session get SIGHUP too) and while there is a network still (what cron and cloud-init have started
# is asked last of all). Its user lingers: systemd removes the shared memory of those who have left (RemoveIPC). Without root,
# everything stays as it is. Sources: systemd.scope(5), systemd.kill(5), logind.conf(5).
stay() {
    [ -d /run/systemd/system ] || return 0
    ! stays "$1" || return 0
    # shellcheck disable=SC2016 # the inner shell's
    as_root sh -c '
        call() { busctl call org.freedesktop.systemd1 /org/freedesktop/systemd1 org.freedesktop.systemd1.Manager "$@"; }
        [ -e "/var/lib/systemd/linger/$3" ] || loginctl enable-linger "$3" || exit
        call StartTransientUnit "ssa(sv)a(sa(sv))" "$1" fail \
            4 Description s "A job (Fe2Ps)" PIDs au 1 "$2" After as 4 basic.target network.target remote-fs.target systemd-user-sessions.service TasksMax t 18446744073709551615 0 ||
            call AttachProcessesToUnit ssau "$1" "" 1 "$2"
    ' sh "fe2-job-$id.scope" "$1" "$(id -un)" </dev/null >/dev/null 2>&1 9>&- || return 0
    # The answer comes before the deed.
    for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
        ! stays "$1" || return 0
        sleep 0.1
    done
}
stays() { grep -q '/fe2-job-[^/]*[.]scope$' "/proc/$1/cgroup" 2>/dev/null; }

# start_service PID-FILE LOG NAME [ARGUMENT]: a script of this folder that lives on by itself. Where systemd is, it starts it again
# should it be killed, and spares it when memory is short. What it starts lives on without it. By way of /bin/sh: what lies in a home
# folder, SELinux lets the user's shell run and not systemd.
start_service() {
    ! alive "$1" || return 0
    log_of_service=$2
    unit=fe2-$3${4:+-$4}-$(id -u)
    shift 2
    service_name=$1
    shift
    if [ -d /run/systemd/system ] && as_root systemd-run --quiet --collect --unit="$unit" \
        -p "User=$(id -un)" -p "Environment=\"HOME=$HOME\"" -p Restart=on-failure -p RestartSec=1 -p KillMode=process -p OOMScoreAdjust=-900 \
        /bin/sh "$fe2/$service_name" "$@" </dev/null >/dev/null 2>&1 9>&-; then
        return 0
    fi
    # It is there, and systemd is about to start it again.
    case $(systemctl show -p ActiveState "$unit.service" 2>/dev/null) in
        *=active | *=activating | *=reloading) return 0 ;;
    esac
    setsid "$fe2/$service_name" "$@" </dev/null >>"$log_of_service" 2>&1 9>&- &
}

# start_watch: on a spot machine, see watch.
start_watch() { start_service "$fe2/watch.pid" "$fe2/watch.log" watch; }

# start_supervisor ID: on the monitor, see supervise.
start_supervisor() { start_service "$private/supervise.pid" "$private/supervise.log" supervise "$1"; }
