#!/bin/sh
# Process 1 of the guest, started on the host's file system (read-only). Its settings come from the kernel command line:
# GUEST_WORK, a writable folder shared with the host, and GUEST_CACHE, where the kernel's modules are.
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
mount -n -t proc proc /proc
mount -n -t sysfs sys /sys
mount -n -t tmpfs tmpfs /run
mkdir -p /dev/pts /dev/shm /run/work /run/kernel /run/root
mount -n --bind / /run/root
for folder in /tmp /var/tmp /mnt; do mount -n -t tmpfs tmpfs "$folder"; done
# The clone may lie below a folder that was just covered.
for folder in "$GUEST_ROOT" "$GUEST_CACHE"; do
  [ -d "$folder" ] || { mkdir -p "$folder" && mount -n --bind "/run/root$folder" "$folder"; }
done
mount -n -t devpts pts /dev/pts
mount -n -t tmpfs shm /dev/shm
ln -sf /proc/self/fd /dev/fd
mount -n -t cgroup2 none /sys/fs/cgroup
for controller in $(cat /sys/fs/cgroup/cgroup.controllers); do
  echo "+$controller" >/sys/fs/cgroup/cgroup.subtree_control
done 2>/dev/null
mount -n -t 9p -o trans=virtio,version=9p2000.L,msize=262144 work /run/work
mount -n --bind "$GUEST_CACHE/kernel" /run/kernel
printf '#!/bin/sh\nexec /sbin/modprobe -d /run/kernel "$@"\n' >/run/modprobe
chmod +x /run/modprobe
echo /run/modprobe >/proc/sys/kernel/modprobe
ip link set lo up 2>/dev/null
if [ -b /dev/vda ]; then
  mkdir -p /mnt/disk
  mount -n -t ext4 /dev/vda /mnt/disk
fi
cd "$GUEST_ROOT" || exit 1
sh /run/work/command >/run/work/output 2>&1 </dev/null
echo $? >/run/work/status.new
mv /run/work/status.new /run/work/status
sync
/bin/busybox reboot -f
sleep 20
