#!/usr/bin/env bash
# installed.sh BUILT DIR: the library as a distribution would package it, and a program outside the tree that is built with it in each way.
set -euo pipefail

here=$(cd "$(dirname "$0")/.." && pwd)
built=$(realpath "$1")
mkdir -p "$2"
root=$(realpath "$2")
make -s -C "$here" BUILT="$built" install DESTDIR="$root" prefix=/usr
expect() {
  "$@" || {
    echo "installed: not so: $*" >&2
    exit 1
  }
}
# A folder that is named is not built, whichever it is: root must not run cargo.
expect grep -q cargo <(env -u BUILT make -n -C "$here" install)
expect [ -z "$(make -n -C "$here" BUILT=../../target/release install | grep cargo)" ]
cd "$root"
# What is installed where, and that no other symbol is told.
library=usr/lib/libxoxzo_2fa.so
expect [ "$(readlink "$library")" = libxoxzo_2fa.so.0.1 ]
expect grep -q 'SONAME.*\[libxoxzo_2fa.so.0.1\]' <(readelf -d "$library")
# A thread of the library outlives whoever closes it.
expect grep -q 'FLAGS_1.*NODELETE' <(readelf -d "$library")
expect [ -z "$(nm -D --defined-only "$library" | awk '$3 !~ /^x2f_/')" ]
declared=$(grep -oE '\bx2f_[a-z_]+\(' usr/include/xoxzo_2fa_ffi.h | grep -vE '\(\*' | sort -u | wc -l)
expect [ "$(nm -D --defined-only "$library" | wc -l)" -gt 15 ]
expect [ "$declared" -ge "$(nm -D --defined-only "$library" | wc -l)" ]
expect [ "$(find usr/lib/xoxzo-2fa -name '*.cwasm' -perm 644 | wc -l)" = 2 ]
# The start of the README, with what pkg-config says, by both links and in C++.
export PKG_CONFIG_PATH=$root/usr/lib/pkgconfig PKG_CONFIG_SYSROOT_DIR=$root
read -ra flags < <(pkg-config --cflags --libs xoxzo_2fa)
cp "$here/example/login.c" .
gcc -std=c11 -Wall -Werror -o shared login.c "${flags[@]}" -Wl,-rpath,"$root/usr/lib"
read -ra alone < <(pkg-config --cflags xoxzo_2fa)
gcc -std=c11 -Wall -Werror -o static login.c "${alone[@]}" "$root/usr/lib/libxoxzo_2fa.a" -lpthread -ldl -lm
printf '#include <xoxzo_2fa.h>\nint main() { return x2f_version()[0] != 48; }\n' >plain.cc
g++ -Wall -Werror -o plain plain.cc "${flags[@]}" -Wl,-rpath,"$root/usr/lib"
expect ./plain
# What the README shows.
sed -n '/^```c$/,/^```$/{/^```/d;p}' "$here/README.md" >embedded.c
gcc -std=c11 -Wall -Werror -include stdio.h -c -o embedded.o embedded.c "${alone[@]}"
# A verdict is no truth value.
printf '#include <xoxzo_2fa.h>\nint main(void) { if (x2f_verify(0, 0, 0, 0, 0, 0, 0)) return 1; return 0; }\n' >wrong.c
expect [ -n "$(gcc -fsyntax-only wrong.c "${alone[@]}" 2>&1 | grep 'used struct type value where scalar is required')" ]
# A small address space is enough, and the compiled code that was installed is what is loaded: there is no other place for it.
cat >settings.json <<END
{"version": 1, "audience": "shop", "service": "Example Shop", "destinations": ["JP-mobile"],
 "keys": ["x2fk1_AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEoVv1v"],
 "guard": {"key": "x2fk1_AwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwPKj5lZ"},
 "xoxzo": {"base_url": "http://127.0.0.1:1", "sid": "sid", "auth_token": "token", "sender": "Example"}, "test": true}
END
for program in shared static; do
  (
    ulimit -v 2000000
    status=0
    XOXZO_2FA_CACHE='' "./$program" settings.json +819012345678 user-1 >"$program.out" 2>&1 || status=$?
    expect [ "$status" = 2 ]
  )
  expect grep -q 'provider' "$program.out"
done
# The header as it is, in the FFI of another language.
expect [ "$(php -d ffi.enable=1 "$here/test/ffi.php" usr/include/xoxzo_2fa_ffi.h "$library" settings.json)" = "10 false binding: is NULL" ]
# Loaded where it was compiled ahead, and compiled where others could have written there: that takes many times the processor's time.
spent() {
  local TIMEFORMAT=%U
  { time XOXZO_2FA_CACHE='' ./shared settings.json +819012345678 user-1 >/dev/null 2>&1 || true; } 2>&1
}
loaded=$(spent)
chmod o+w usr/lib/xoxzo-2fa
compiled=$(spent)
chmod o-w usr/lib/xoxzo-2fa
expect awk -v loaded="$loaded" -v compiled="$compiled" 'BEGIN { exit !(compiled > 4 * loaded && compiled > 0.2) }'
status=0
valgrind -q --error-exitcode=9 --leak-check=full --show-leak-kinds=definite --errors-for-leak-kinds=definite \
  ./shared settings.json +819012345678 user-1 >valgrind.out 2>&1 || status=$?
expect [ "$status" = 2 ]
echo "installed: shared, static and C++; processor's time to open: $loaded s loaded, $compiled s compiled"
