#!/usr/bin/env bash
# A script that goes on where it stood: each step's result is a file under $FE2_DIR, so another machine knows what is done.
# EC2's notice asks it to save; here there is only a line to write.
trap 'echo "notice on machine $FE2_ATTEMPT at step $step" >> "$FE2_DIR/notices"' USR1
echo "machine $FE2_ATTEMPT${FE2_RESUME:+, going on}"
for step in $(seq 1 30); do
    [ ! -e "$FE2_DIR/result-$step.txt" ] || continue
    sleep 1
    echo "step $step of 30"
    echo "result of step $step, machine $FE2_ATTEMPT" > "$FE2_DIR/result-$step.txt"
done
