#!/bin/busybox sh
# Loads what is needed to reach the host's file system over 9p, and goes on there.
b=/bin/busybox
$b mount -t proc proc /proc
$b mount -t devtmpfs dev /dev
for module in $($b cat /modules/order); do $b insmod "/modules/$module" || echo "cannot load $module"; done
$b mount -t 9p -o trans=virtio,version=9p2000.L,msize=1048576,cache=loose,ro root /host || $b reboot -f
$b umount /proc
$b mount --move /dev /host/dev
exec $b switch_root /host /bin/sh "$GUEST_INIT"
