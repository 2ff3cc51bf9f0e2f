#!/bin/sh
# SPDX-License-Identifier: MIT
# Builds newlib quietly: build-newlib.sh PACKAGE-FOLDER OUTPUT CONFIGURE-OPTION...
# Tools and flags come as *_FOR_TARGET in the environment. What the build says goes to
# OUTPUT/build.log, of which the end is shown when it fails.
set -eu

package=$1
out=$2
shift 2
log=$out/build.log

set -- "$@" # configure's options
archive=$(ls "$package"/newlib-*.tar.xz 2>/dev/null | tail -n 1)
[ -n "$archive" ] || {
    echo "no newlib-*.tar.xz in $package: apt-get install newlib-source" >&2
    exit 1
}

build() {
    rm -rf "$out/src" "$out/obj" "$out/include" "$out/lib"
    mkdir -p "$out/src" "$out/obj" "$out/include" "$out/lib"
    tar -x -f "$archive" -C "$out/src" --strip-components=1
    cd "$out/obj"
    ../src/configure "$@"
    make -s -j"${JOBS:-2}" all-target-newlib
    make -s install-target-newlib DESTDIR="$out/root"
    cp -R "$out/root/x86_64-elf/include/." "$out/include"
    cp "$out"/root/x86_64-elf/lib/lib[cm].a "$out/lib"
    rm -rf "$out/src" "$out/obj" "$out/root"
}

(build "$@") >"$log" 2>&1 || {
    tail -n 20 "$log" >&2
    echo "newlib: see $log" >&2
    exit 1
}
