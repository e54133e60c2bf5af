#!/bin/sh
# Runs outside of the new root, whose path is the only argument, once all packages are in it.
set -eu
root=$1
mkdir -p "$root/workspace" "$root/usr/lib/governance"

# A name for the image's user, which git and Python ask for.
echo 'sandbox:x:65532:65532::/tmp:/usr/sbin/nologin' >>"$root/etc/passwd"
echo 'sandbox:x:65532:' >>"$root/etc/group"

# Compiled modules that are never checked against a source's time: Python starts four times as fast with them.
PYTHONHASHSEED=0 chroot "$root" python3 -m compileall -q -f --invalidation-mode unchecked-hash \
    /usr/lib/python3 /usr/lib/python3.*

# What is in the image: package, version, architecture, SHA-256 of the .deb as the signed index has it.
dpkg-query --admindir="$root/var/lib/dpkg" -W -f '${Package}:${Architecture}=${Version}\n' >"$root/tmp/installed"
APT_CONFIG=$MMDEBSTRAP_APT_CONFIG xargs apt-cache show <"$root/tmp/installed" |
    awk '/^Package:/ {p=$2} /^Version:/ {v=$2} /^Architecture:/ {a=$2} /^SHA256:/ {s=$2} /^$/ {print p, v, a, s}' |
    LC_ALL=C sort -u >"$root/usr/lib/governance/packages"
test "$(wc -l <"$root/usr/lib/governance/packages")" -eq "$(wc -l <"$root/tmp/installed")"
rm "$root/tmp/installed"
