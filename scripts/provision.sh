#!/bin/sh
# Prepare a plain Debian 12 machine for mycontainer: packages, the project's own dependencies, its
# commands in PATH and its units for systemd, none of them enabled. Run it as root; run it again at any time: what is there already stays.
#
#   provision.sh [CHECKOUT]    the project's folder; by default the one this script lies in
set -eu

checkout=$(cd "${1:-$(dirname "$0")/..}" && pwd -P)

# npm brings a Node of its own to install with; the project then runs on the Node that its lock
# file pins. gcc builds the shim; the rest is what containers and their networks need.
packages='ca-certificates curl gcc iproute2 libatomic1 libc6-dev nftables npm procps uidmap'

is_installed() {
  [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

install_packages() {
  missing=
  for package in $packages; do
    # A machine may have npm from elsewhere than Debian.
    [ "$package" = npm ] && command -v npm >/dev/null && continue
    is_installed "$package" || missing="$missing $package"
  done
  [ -z "$missing" ] && return
  echo "provision: installing$missing"
  export DEBIAN_FRONTEND=noninteractive
  apt-get update -q
  # shellcheck disable=SC2086 # a list of words
  apt-get install -y -q --no-install-recommends $missing
}

# The lock file as it was at the last installation says whether dependencies have changed since.
install_dependencies() {
  stamp="$checkout/node_modules/.provisioned"
  cmp -s "$checkout/package-lock.json" "$stamp" && return
  echo "provision: installing the project's dependencies"
  (
    cd "$checkout"
    # Debian's npm would build with Debian's Node, which is too old, and makes no link to ours.
    npm install --no-save --omit=dev --ignore-scripts --no-audit --no-fund --loglevel=error
    [ -e node_modules/.bin/node ] ||
      ln -s "../node-linux-$(uname -m | sed 's/x86_64/x64/; s/aarch64/arm64/')/bin/node" node_modules/.bin/node
  )
  cp "$checkout/package-lock.json" "$stamp"
}

# Checksums of all that is built from, as they were at the last build, say whether that is out of date.
build_project() {
  stamp="$checkout/dist/.provisioned"
  sources=$(cd "$checkout" && find package-lock.json native orchestrator rootfs runtime scripts -type f -exec cksum {} + | sort | cksum)
  [ "$(cat "$stamp" 2>/dev/null)" = "$sources" ] && return
  echo "provision: building the project"
  (cd "$checkout" && node_modules/.bin/node scripts/build.mjs)
  echo "$sources" >"$stamp"
}

link_commands() {
  for command in "$checkout"/bin/*; do
    link="/usr/local/bin/$(basename "$command")"
    [ "$(readlink "$link")" = "$command" ] && continue
    echo "provision: $link"
    ln -sfn "$command" "$link"
  done
}

# Other machines reach containers here only through a kernel that forwards.
enable_forwarding() {
  settings=/etc/sysctl.d/90-mycontainer.conf
  wanted='net.ipv4.ip_forward = 1'
  [ "$(cat "$settings" 2>/dev/null)" = "$wanted" ] && return
  echo "provision: $settings"
  mkdir -p "$(dirname "$settings")"
  echo "$wanted" >"$settings"
  # A container or a chroot may have /proc read-only; the file then serves the next start.
  sysctl -q -p "$settings" || echo "provision: forwarding is on after the next start"
}

# Their commands are in /usr/local/bin, wherever the checkout is.
install_units() {
  command -v systemctl >/dev/null || return 0
  changed=
  for unit in "$checkout"/packaging/systemd/*.service; do
    place="/etc/systemd/system/$(basename "$unit")"
    cmp -s "$unit" "$place" && continue
    echo "provision: $place"
    install -D -m 644 "$unit" "$place"
    changed=yes
  done
  # In a chroot there is no manager to tell.
  [ -z "$changed" ] || [ ! -d /run/systemd/system ] || systemctl daemon-reload
}

install_packages
install_dependencies
build_project
link_commands
install_units
enable_forwarding
echo "provision: ready"
