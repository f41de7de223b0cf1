#!/bin/bash
# A machine of a cluster: an address on the LAN, then whatever its administrator types on the serial line.
# Two segments on one wire: pods of node-1 and of node-2 reach each other only through the server and a tunnel.
name=$(sed 's/.*guest=\([^ ]*\).*/\1/' /proc/cmdline)
hostname "$name"
ip link set eth0 up
case $name in
server)
  ip address add 10.9.0.1/24 dev eth0
  ip address add 10.9.1.1/24 dev eth0
  # By which the host's kubectl comes in.
  ip link set eth1 up
  ip address add 10.0.2.15/24 dev eth1
  # Without any way out the kernel refuses addresses of services before rules see them.
  ip route add default via 10.0.2.2
  nft -f - <<'RULES'
table ip administrator {
  chain in { type nat hook prerouting priority dstnat; ip daddr 10.0.2.15 tcp dport 6443 dnat to 10.9.0.1; }
}
RULES
  ;;
node-1)
  ip address add 10.9.0.2/24 dev eth0
  ip route add default via 10.9.0.1
  ;;
node-2)
  ip address add 10.9.1.2/24 dev eth0
  ip route add default via 10.9.1.1
  ;;
esac
# As scripts/provision.sh sets it up.
sysctl -qw net.ipv4.ip_forward=1
echo "ready $name"
while read -r line; do
  bash -c "$line" </dev/null &
done </dev/ttyS1
