#!/bin/busybox sh
# The first process of the initramfs: finds the root and what belongs on it, and gives way to the guest's own.
set -eu
export PATH=/bin
/bin/busybox --install -s /bin
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs dev /dev
for module in virtio_ring virtio virtio_mmio virtio_blk virtio_console virtio-rng squashfs overlay; do
    insmod "/modules/$module.ko"
done
disk() {
    for try in 1 2 3 4 5 6 7 8 9 10; do
        for block in /sys/block/vd*; do
            test "$(cat "$block/serial")" = "$1" && echo "/dev/${block##*/}" && return
        done
        sleep 1
    done
    echo "there is no disk $1" >&2
    return 1
}
mount -t squashfs -o ro "$(disk root)" /root
mount -t squashfs -o ro,nodev,nosuid "$(disk image)" /root/image
mount -t tmpfs -o mode=700,nodev,nosuid,size=75% data /root/var/lib/docker
cp -a /root/image/notes/. /root/var/lib/docker
mount -t tmpfs -o mode=755,nodev,nosuid,size=25% run /root/run
mount -t tmpfs -o mode=700,nodev,nosuid,size=1m etc /root/etc/docker
mount -t tmpfs -o mode=1777,nodev,nosuid,size=16m tmp /root/tmp
mount -t cgroup2 none /sys/fs/cgroup
# An engine in a group of its own sees that swap can be limited, which the root group does not show.
mkdir /sys/fs/cgroup/engine
echo "+cpu +cpuset +io +memory +pids" >/sys/fs/cgroup/cgroup.subtree_control
echo $$ >/sys/fs/cgroup/engine/cgroup.procs
ip link set lo up
hostname microvm
for each in proc sys dev; do
    mount --move "/$each" "/root/$each"
done
exec switch_root /root /usr/bin/python3 -I -c 'import sys; sys.path.insert(0, "/usr/lib/governance"); from governance.sandbox.microvm.guest import main; main()' </dev/console >/dev/console 2>&1
