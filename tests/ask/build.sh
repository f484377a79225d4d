#!/usr/bin/env bash
# Makes DIR/ask and DIR/libask.so of the module, by wasm2c, and DIR/Ask.class. Needs Debian's wabt, gcc and a JDK.
set -euo pipefail

[ $# -eq 1 ] || { echo "usage: $0 DIR" >&2; exit 2; }
here=$(cd "$(dirname "$0")" && pwd)
runtime=/usr/share/wabt/wasm2c
mkdir -p "$1"
cd "$1"
wasm2c -n ask "$here/../../host/ask/two-factor-ask.wasm" -o two-factor-ask.c
# The runtime keeps the place to return to after a trap in globals, one for all threads.
globals='uint32_t wasm_rt_(saved_)?call_stack_depth|jmp_buf wasm_rt_jmp_buf|jmp_buf\* g_unwind_target'
for file in $runtime/wasm-rt-impl.c $runtime/wasm-rt-impl.h /usr/include/wasm-rt.h; do
  sed -E "s/^(extern |static )?($globals);/\1_Thread_local \2;/" "$file" >"$(basename "$file")"
done
[ "$(cat wasm-rt*.[ch] | grep -c _Thread_local)" = 7 ] || { echo "wasm2c's runtime has other globals" >&2; exit 1; }
java=$(dirname "$(dirname "$(readlink -f "$(command -v javac)")")")
flags=(-std=gnu11 -O2 -fPIC -DWASM_RT_MEMCHECK_SIGNAL_HANDLER=0 -I. -I"$here")
gcc "${flags[@]}" -w -c two-factor-ask.c wasm-rt-impl.c
gcc "${flags[@]}" -Wall -Wextra -Werror -c "$here/engine.c" "$here/main.c"
gcc "${flags[@]}" -Wall -Wextra -Werror -I"$java/include" -I"$java/include/linux" -c "$here/jni.c"
gcc -o ask main.o engine.o two-factor-ask.o wasm-rt-impl.o -lm -pthread
gcc -shared -o libask.so jni.o engine.o two-factor-ask.o wasm-rt-impl.o -lm -pthread
javac -Xlint:all -Werror -d . "$here/Ask.java"
