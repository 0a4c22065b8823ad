#!/bin/bash
# host.sh FOLDER IMAGES ADDRESS PYTHON: pid 1 of a pretend host, in namespaces of its own.
# Its libvirt keeps everything in FOLDER. Whoever starts it makes its network card `wire`, which gets ADDRESS.
set -euo pipefail
folder=$1 images=$2 address=$3 python=$4

hostname "$MERIDIAN_HOST"
mount --make-rprivate /
umount --recursive /sys # with its cgroups, in which guests of two hosts would meet
mount -t sysfs sysfs /sys
for place in /run/libvirt /etc/libvirt /var/lib/libvirt /var/log/libvirt /var/cache/libvirt; do
    mkdir -p "$folder$place"
    mount --bind "$folder$place" "$place"
done
mkdir -p "$MERIDIAN_STORAGE/images"
mount --bind "$images" "$MERIDIAN_STORAGE/images"

until ip addr add "$address" dev wire 2>/dev/null; do sleep 0.02; done
ip link set wire up
ip link set lo up

# As two machines have: libvirt does not migrate to itself.
echo "host_uuid = \"$(</proc/sys/kernel/random/uuid)\"" >/etc/libvirt/libvirtd.conf

virtlogd --daemon --pid-file /run/libvirt/virtlogd.pid
libvirtd --daemon --pid-file /run/libvirt/libvirtd.pid
"$python" manage.py up --only host &
sleep infinity &
while :; do wait -n || true; done # bash as pid 1 reaps whatever loses its parent
