#!/bin/sh
# What a guest of the tests does: it remembers every instance that its disk belonged to, and plays the guest agent.
hostname >> /root/born
sync
sed 's/^/born: /' /root/born > /dev/ttyS0

for port in /sys/class/virtio-ports/*; do
    [ "$(cat "$port/name")" = org.qemu.guest_agent.0 ] && device=/dev/${port##*/}
done

answer() { printf '%s\n' "$1" >&3; }
field() { printf '%s' "$line" | sed -n "s/.*\"$1\": *\"\([^\"]*\)\".*/\1/p"; }

exec 3<> "$device"
while :; do
    IFS= read -r line <&3 || { sleep 1; continue; }
    case $line in
        *guest-sync*) answer "{\"return\": $(printf '%s' "$line" | sed 's/.*"id": *\([0-9]*\).*/\1/')}" ;;
        *guest-get-osinfo*) answer '{"return": {"id": "tiny", "name": "Tiny", "pretty-name": "Tiny with an agent"}}' ;;
        *guest-get-host-name*) answer "{\"return\": {\"host-name\": \"$(hostname)\"}}" ;;
        *guest-network-get-interfaces*)
            answer '{"return": [{"name": "eth0", "ip-addresses": [{"ip-address-type": "ipv4", "ip-address": "192.0.2.7", "prefix": 24}]}]}'
            ;;
        *guest-set-user-password*)
            echo "password of $(field username): $(field password | base64 -d)" > /dev/ttyS0
            answer '{"return": {}}'
            ;;
        *) answer '{"error": {"class": "CommandNotFound", "desc": "the command is not known"}}' ;;
    esac
done
