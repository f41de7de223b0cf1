#!/bin/bash
# First program of the guest's root: what an init system sets up, then the command, then the end.
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8
export NODE_COMPILE_CACHE=/vm/compile-cache # emulation makes compiling slow
mount -t proc proc /proc
mount -t sysfs sys /sys
mountpoint -q /dev || mount -t devtmpfs dev /dev
mkdir -p /dev/pts /dev/shm
mount -t devpts -o gid=5,mode=620,ptmxmode=666 devpts /dev/pts
mount -t tmpfs -o mode=1777 shm /dev/shm
mount -t tmpfs -o mode=755 run /run
mount -t tmpfs -o mode=1777 tmp /tmp
mount -t cgroup2 -o nsdelegate,memory_recursiveprot cgroup2 /sys/fs/cgroup
mount --make-rshared /
ln -sf /proc/self/fd /dev/fd
ip link set lo up
hostname guest

# Serial ports are terminals: without raw mode they would turn \n into \r\n.
stty -F /dev/ttyS1 raw -echo
cd /mycontainer
# Through a pipe: a program that finds a terminal behaves otherwise.
setsid bash /vm/command < /dev/null 2>&1 | cat > /dev/ttyS1
echo "${PIPESTATUS[0]}" > /dev/ttyS2
sync
busybox reboot -f
