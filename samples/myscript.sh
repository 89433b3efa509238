#!/usr/bin/env bash
# The script of the fastec2 article, with a shorter wait: whatever it writes under $FE2_DIR is kept.
echo starting >> "$FE2_DIR/myscript.log"
for step in 1 2 3 4 5; do
    echo "step $step of 5"
    echo "result of step $step" > "$FE2_DIR/result-$step.txt"
    sleep 1
done
echo done >> "$FE2_DIR/myscript.log"
