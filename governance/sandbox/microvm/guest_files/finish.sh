#!/bin/sh
# Runs outside of the new root, whose path is the only argument, once all packages are in it.
set -eu
root=$1
export APT_CONFIG="$MMDEBSTRAP_APT_CONFIG"
cd "$root"
mkdir -p dev etc image kernel modules proc run sys tmp var/lib/docker
ln -s /run var/run

# The kernel is unpacked, never installed: nothing of it but the image and eight modules is used.
kernel=$(apt-cache depends --no-recommends --no-suggests linux-image-cloud-amd64 | sed -n 's/^  Depends: //p')
cd "$root/kernel"
apt-get download "$kernel"
dpkg-deb -x ./*.deb x
cp x/boot/vmlinuz-* vmlinuz
for module in virtio_ring virtio virtio_mmio virtio_blk virtio_console virtio-rng squashfs overlay; do
    find x -name "$module.ko" -exec cp {} "$root/modules/" \;
    test -s "$root/modules/$module.ko"
done
sha256sum ./*.deb >package
rm -r x ./*.deb
