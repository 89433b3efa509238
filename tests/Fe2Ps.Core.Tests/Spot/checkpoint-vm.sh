#!/bin/sh
# What the virtual machine does: /part/here says which machine of the job this is.
here=$(cat /part/here)
id=job-00000000
echo "VM $here: kernel $(uname -r), criu $(criu --version | head -n 1)"
mkdir -p /root/.fe2/jobs
for file in /part/remote/*.sh; do
    name=${file##*/}; [ "$name" = lib.sh ] || name=${name%.sh}
    cp "$file" "/root/.fe2/$name"; chmod 700 "/root/.fe2/$name"
done
wait_for() {
    n=0
    until eval "$1" 2>/dev/null; do n=$((n + 1)); [ $n -lt 900 ] || { echo "VM $here: never: $1"; tail -n 20 .fe2/jobs/$id/*.log; cat fastec2/job/.fe2/checkpoint-note; exit 1; }; sleep 0.2; done
}
why=$(.fe2/checkpoint check) || { criu check; echo "VM $here: no checkpoint: $why"; exit 1; }
private=/root/.fe2/jobs/$id
if [ "$here" = 1 ]; then
    .fe2/claim $id job
    cat > fastec2/job/train.sh <<'SCRIPT'
#!/bin/bash
# What it knows is in its memory alone.
secret=$RANDOM$RANDOM$RANDOM
exec 4>> held-open
echo begin >> begins
n=0
until [ -e enough ]; do
    n=$((n + 1))
    echo "line $n $secret $1" >> lines
    echo $n >&4
    sleep 0.2
done
echo "the end of $n"
exit 7
SCRIPT
    chmod +x fastec2/job/train.sh
else
    tar -xf /dev/vda -C /root
    rm -rf $private; mkdir -p $private
    printf job > $private/name
    rm -f fastec2/job/.fe2/exit-code fastec2/job/.fe2/ended
fi
printf "set -- 'an argument'\n" > $private/env
printf train.sh > $private/script
echo USR1 > $private/signal
echo "$here" > $private/attempt
echo 600 > $private/checkpoint
touch fastec2/job/.fe2/output.log
setsid .fe2/run $id </dev/null &
lines() { wc -l < fastec2/job/lines 2>/dev/null || echo 0; }
if [ "$here" = 1 ]; then
    wait_for '[ "$(lines)" -ge 10 ]'
    .fe2/checkpoint $id; echo "VM 1: checkpoint: $?"
    at=$(lines)
    # What comes after it is not in the memory that is kept.
    touch fastec2/job/new
    wait_for "[ \"\$(lines)\" -ge $((at + 5)) ]"
    read -r held _ < $private/held.pid
    echo "VM 1: held by process $held of $(cat /proc/sys/kernel/pid_max)"
    kill -9 -"$held"
    echo "VM 1: killed after line $(lines), the checkpoint is of line $at or before"
    tar -cf /dev/vda -C /root fastec2
    sync
else
    [ ! -e fastec2/job/new ] || wait_for '[ ! -e fastec2/job/new ]'
    wait_for '[ -f fastec2/job/.fe2/restored ] || [ "$(wc -l < fastec2/job/begins)" = 2 ]'
    cat fastec2/job/.fe2/checkpoint-note 2>/dev/null && tail -n 25 $private/images/restore.log
    at=$(lines)
    wait_for "[ \"\$(lines)\" -ge $((at + 5)) ]"
    touch fastec2/job/enough
    wait_for '[ -s fastec2/job/.fe2/exit-code ]'
    echo "VM 2: begins $(wc -l < fastec2/job/begins), exit code $(cat fastec2/job/.fe2/exit-code), set aside: $(ls fastec2/job/.fe2/later)"
    echo "VM 2: lines $(lines), in order $(awk '$2 != NR { bad = 1 } END { print bad ? "no" : "yes" }' fastec2/job/lines), secrets $(cut -d ' ' -f 3 fastec2/job/lines | sort -u | wc -l)"
    echo "VM 2: held open $(wc -l < fastec2/job/held-open), output: $(cat fastec2/job/.fe2/output.log)"
fi
