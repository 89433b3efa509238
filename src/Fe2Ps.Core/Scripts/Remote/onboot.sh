#!/bin/sh
# onboot: at the machine's start, as the user, goes on with the jobs that are to, and with the supervisors of jobs whose monitor it is. Not in an image of another machine: its jobs are
# the other's.
# onboot install: sees that this happens. Images that EC2 can log into have cloud-init, which runs the programs of one folder at every
# start ("Scripts Per Boot" in its documentation); where it is not, a unit of systemd does; else, and for who may not become root,
# cron. Exit code 1 where nothing does.
# shellcheck source=lib.sh
. "$HOME/.fe2/lib.sh"
per_boot=/var/lib/cloud/scripts/per-boot
mark="fe2-jobs-$(id -u)"

# this_instance: cloud-init writes down at every start which instance this is; without it, the metadata service knows.
this_instance() {
    if [ -s /var/lib/cloud/data/instance-id ]; then
        head -n 1 /var/lib/cloud/data/instance-id
        return
    fi
    command -v curl >/dev/null 2>&1 || return 1
    for _ in 1 2 3 4 5 6 7 8 9 10; do
        ask=$(curl -s -f -m 2 --noproxy '*' -X PUT -H 'X-aws-ec2-metadata-token-ttl-seconds: 60' http://169.254.169.254/latest/api/token 2>/dev/null) &&
            printf 'header = "X-aws-ec2-metadata-token: %s"\n' "$ask" |
            curl -s -f -m 2 --noproxy '*' -K - http://169.254.169.254/latest/meta-data/instance-id 2>/dev/null && return 0
        [ "${1-}" != once ] || return 1
        sleep 2
    done
    return 1
}

# root_writes FILE MODE: what comes on standard input, whole or not at all.
root_writes() {
    # shellcheck disable=SC2016 # the inner shell's
    as_root sh -c 'umask 022; cat > "$1.new" && chmod "$2" "$1.new" && mv -f "$1.new" "$1"' sh "$1" "$2"
}

by_cloud_init() {
    [ -d $per_boot ] && root_writes "$per_boot/$mark" 755 <<HOOK
#!/bin/sh
# Fe2Ps: goes on with the jobs of $(id -un) after a restart of this machine.
[ -x $(quoted "$fe2/onboot") ] || exit 0
cd /
setsid runuser -u $(quoted "$(id -un)") -- $call </dev/null >/dev/null 2>&1 &
HOOK
}

# By way of /bin/sh: what lies in a home folder, SELinux lets the user's shell run and not systemd.
by_systemd() {
    [ -d /run/systemd/system ] && root_writes "/etc/systemd/system/$mark.service" 644 <<UNIT && as_root systemctl enable --quiet "$mark.service"
[Unit]
Description=Goes on with the jobs of $(id -un) (Fe2Ps)
Wants=network-online.target
After=network-online.target
ConditionFileIsExecutable=$fe2/onboot

[Service]
Type=oneshot
RemainAfterExit=yes
KillMode=process
User=$(id -un)
Environment="HOME=$HOME"
ExecStart=/bin/sh "$fe2/onboot"

[Install]
WantedBy=multi-user.target
UNIT
}

# It takes no root.
by_cron() {
    command -v crontab >/dev/null 2>&1 &&
        { crontab -l 2>/dev/null | grep -vF "$fe2/onboot"; printf '@reboot %s\n' "$call"; } | crontab -
}

install_hook() {
    # Elsewhere (a rehearsal on the user's own computer) the machine is not ours to change.
    [ "$(this_instance once)" = "$(cat "$fe2/instance" 2>/dev/null)" ] || exit 1
    call="env HOME=$(quoted "$HOME") $(quoted "$fe2/onboot")"
    by_cloud_init 2>/dev/null || by_systemd 2>/dev/null || by_cron || exit 1
}

if [ "${1-}" = install ]; then
    install_hook </dev/null
    exit
fi
exec >>"$fe2/boot.log" 2>&1
umask 022
[ "$(this_instance)" = "$(cat "$fe2/instance" 2>/dev/null)" ] || exit 0
for job in "$fe2"/jobs/*; do
    # Between two machines of a job nobody else would start it again.
    [ ! -f "$job/supervised" ] || (private=$job && start_supervisor "${job##*/}")
    [ -s "$job/recover" ] || continue
    setsid "$fe2/resume" "${job##*/}" boot </dev/null &
done
wait
