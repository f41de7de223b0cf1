#!/bin/bash
# What an administrator types, on the second serial port: a number and a script in base64, one line for both. What it
# prints comes back, then its number and its exit code. A boot begins with its own number, from 0 on.
boot=$(cat /var/lib/boots 2>/dev/null || echo 0)
echo $((boot + 1)) >/var/lib/boots
stty -F /dev/ttyS1 raw -echo
exec </dev/ttyS1 >/dev/ttyS1 2>&1
echo "@shell $boot $(hostname)"
while read -r number script; do
  bash -lc "$(base64 -d <<<"$script")" </dev/null 2>&1 | cat
  echo "@end $number ${PIPESTATUS[0]}"
done
