#!/bin/sh
# SPDX-License-Identifier: MIT
# Installs the Debian packages named on the command line that are missing, by apt-get.
# Prints nothing when there is nothing to do; one line and status 1 when it cannot.
set -u

command -v dpkg-query >/dev/null || {
    echo "not a Debian system: install what stands in tools/build.mk by hand" >&2
    exit 0
}
installed=$(dpkg-query -W -f '${db:Status-Status} ${Package}\n' "$@" 2>/dev/null)
missing=
for package in "$@"; do
    echo "$installed" | grep -qx "installed $package" || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

as_root=
if [ "$(id -u)" != 0 ]; then
    command -v sudo >/dev/null || {
        echo "missing packages, and no sudo to install them:$missing" >&2
        exit 1
    }
    as_root=sudo
fi

echo "  INSTALL$missing"
install() {
    # shellcheck disable=SC2086 # a list of packages
    $as_root env DEBIAN_FRONTEND=noninteractive \
        apt-get install -y -q --no-install-recommends $missing >"$log" 2>&1
}
log=$(mktemp)
trap 'rm -f "$log"' EXIT
install || { $as_root apt-get update -q >>"$log" 2>&1 && install; } || {
    tail -n 3 "$log" >&2
    echo "could not install:$missing" >&2
    exit 1
}
