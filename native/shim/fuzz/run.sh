#!/bin/sh
# Fuzzes the validator: native/shim/fuzz/run.sh [SECONDS]. Needs clang and its runtime (libclang-rt-dev). Inputs that
# reach new code are added to corpus/.
set -eu
cd "$(dirname "$0")"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
binary=$work/fuzz
mkdir "$work/found"
# The shim's own memory functions must not take the place of libc's under the sanitizer.
clang -std=gnu11 -g -O1 -fno-builtin -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=undefined \
  -Dmemcpy=shim_memcpy -Dmemmove=shim_memmove -Dmemset=shim_memset -Dmemcmp=shim_memcmp -Dstrlen=shim_strlen \
  -o "$binary" fuzz-validate.c ../validate.c ../validate-instruction.c ../validate-monitor.c ../string.c
"$binary" -max_total_time="${1:-60}" -max_len=8192 -timeout=5 -print_final_stats=1 -artifact_prefix=/tmp/shim-fuzz- \
  "$work/found" corpus
# One input per edge is enough to keep.
"$binary" -merge=1 -use_counters=0 corpus "$work/found"
