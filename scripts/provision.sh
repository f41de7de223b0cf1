#!/bin/sh
# Prepare a plain Debian 12 machine for mycontainer: packages, the project's own dependencies, and
# its commands in PATH. Run it as root; run it again at any time: what is there already stays.
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

# The lock file as it was at the last build says whether anything has changed since.
install_project() {
  stamp="$checkout/dist/.provisioned"
  [ -d "$checkout/node_modules" ] && cmp -s "$checkout/package-lock.json" "$stamp" && return
  echo "provision: installing the project's dependencies and building it"
  (
    cd "$checkout"
    # Debian's npm would build with Debian's Node, which is too old, and makes no link to ours.
    npm install --no-save --omit=dev --ignore-scripts --no-audit --no-fund --loglevel=error
    [ -e node_modules/.bin/node ] ||
      ln -s "../node-linux-$(uname -m | sed 's/x86_64/x64/; s/aarch64/arm64/')/bin/node" node_modules/.bin/node
    node_modules/.bin/node scripts/build.mjs
  )
  cp "$checkout/package-lock.json" "$stamp"
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

install_packages
install_project
link_commands
enable_forwarding
echo "provision: ready"
