#!/bin/sh
# SPDX-License-Identifier: MIT
# apt-source.sh PACKAGE FOLDER: unpacks Debian's source package, with Debian's patches, as
# FOLDER/PACKAGE. Works without root and leaves the system's apt configuration alone: lists
# and downloads lie in FOLDER/apt, and apt checks their signatures as always.
set -eu

package=$1
mkdir -p "$2/apt/lists/partial" "$2/apt/cache/archives/partial"
folder=$(cd "$2" && pwd)
apt=$folder/apt
keyring=/usr/share/keyrings/debian-archive-keyring.gpg

# Two packages at a time would share the list of sources, the log, and the lists' lock.
exec 9>"$apt/lock"
flock 9

# The mirrors that binary packages come from have the sources too.
sources() {
    apt-get indextargets --format '$(ORIGIN) $(SITE) $(RELEASE) $(COMPONENT)' \
        'Created-By: Packages' 2>/dev/null |
        awk -v key="$keyring" '$1 == "Debian" {
            print "deb-src [signed-by=" key "] " $2 " " $3 " " $4 }' | sort -u
}

sources >"$apt/sources.list"
[ -s "$apt/sources.list" ] || {
    release=$(. /etc/os-release && echo "$VERSION_CODENAME")
    echo "deb-src [signed-by=$keyring] http://deb.debian.org/debian $release main" \
        >"$apt/sources.list"
}

run_apt() {
    apt-get -q -o Dir::Etc::sourcelist="$apt/sources.list" -o Dir::Etc::sourceparts=- \
        -o Dir::State::lists="$apt/lists" -o Dir::Cache="$apt/cache" \
        -o APT::Sandbox::User=root "$@"
}

fail() {
    tail -n 3 "$apt/log" >&2
    echo "the source package $package could not be fetched by apt" >&2
    exit 1
}

: >"$apt/log"
work=$folder/$package.part
fetch() {
    rm -rf "$work" "${folder:?}/$package"
    mkdir "$work"
    (cd "$work" && run_apt source --only-source "$package") >>"$apt/log" 2>&1
}
# Lists of an earlier call may name versions that are no longer there.
[ -e "$apt/updated" ] && fetch || {
    run_apt update >>"$apt/log" 2>&1 || fail
    touch "$apt/updated"
    fetch || fail
}
for unpacked in "$work"/*/; do
    mv "$unpacked" "$folder/$package"
done
rm -rf "$work"
