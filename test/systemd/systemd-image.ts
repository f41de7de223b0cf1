import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { makeDebian, provisionedCheckout, runInRoot } from '../vm/harness/debian-root.ts'
import type { GuestImage } from '../vm/harness/guest-image.ts'
import { makeInitramfs } from '../vm/harness/initramfs.ts'
import { prepareKernel } from '../vm/harness/kernel.ts'
import { makeExt4 } from '../vm/harness/root-image.ts'

const cache = join(import.meta.dirname, '../../node_modules/.cache/vm')
const guestFiles = join(import.meta.dirname, 'guest')

/** Beyond the smallest Debian: what a machine that boots has, and a shell for pods that serves HTTP. */
const packages = ['systemd-sysv', 'dbus', 'udev', 'kmod', 'busybox-static']

/** Of the machines: those that the Vagrantfile gives them, on its private network. */
export const addresses = { server: '192.168.56.10', 'node-1': '192.168.56.11' } as const
export type MachineName = keyof typeof addresses

/** Hardware address of a machine's interface on the network that leads out, or on the private one. */
export function macOf(name: MachineName, network: 'out' | 'private'): string {
  return `52:54:00:09:0${network === 'out' ? 1 : 0}:${addresses[name].slice(-2)}`
}

/**
 * A Debian with systemd as its first process, provisioned as the Vagrantfile does, on a disk. The kernel finds only its
 * disk and its network by itself: all other modules are loaded on demand, as on any machine.
 *
 * @throws {Error} when a step fails, with what it printed
 */
export function makeSystemdImage(): GuestImage {
  mkdirSync(cache, { recursive: true })
  const folder = mkdtempSync(join(tmpdir(), 'mycontainer-systemd-'))
  const remove = (): void => rmSync(folder, { recursive: true, force: true })
  process.once('exit', remove)
  const kernel = prepareKernel(cache)
  const modules = kernel.modules.filter((path) => /^(virtio|.*failover)/.test(basename(path)))
  const [root, disk] = [join(folder, 'root'), join(folder, 'root.ext4')]
  const initramfs = join(folder, 'initramfs')
  writeFileSync(initramfs, makeInitramfs(modules))
  mkdirSync(root)
  makeDebian(root, packages)
  inRoot(root, `${provisionedCheckout}/scripts/provision.sh`)
  addMachineFiles(root)
  cpSync(join(cache, 'kernel/lib/modules'), join(root, 'usr/lib/modules'), { recursive: true })
  inRoot(root, 'systemctl enable systemd-networkd administrator.service from-host.socket')
  rmSync(join(root, 'var/cache/apt'), { recursive: true })
  makeExt4(root, disk)
  rmSync(root, { recursive: true })
  const removeNow = (): void => {
    process.off('exit', remove)
    remove()
  }
  return { folder, kernel: kernel.image, initramfs, disk, remove: removeNow }
}

function inRoot(root: string, command: string): void {
  const { status, stdout, stderr } = runInRoot(root, command)
  if (status !== 0) throw new Error(`${command}: ${`${stdout}${stderr}`.slice(-4000)}`)
}

/** Networks as Vagrant makes them, and an administrator who types on a serial port. */
function addMachineFiles(root: string): void {
  const units = join(root, 'etc/systemd/system')
  for (const name of ['administrator.service', 'from-host.service', 'from-host.socket'])
    cpSync(join(guestFiles, name), join(units, name))
  cpSync(join(guestFiles, 'administrator.sh'), join(root, 'etc/administrator.sh'))
  const names = Object.keys(addresses) as MachineName[]
  const out = names.map((name) => macOf(name, 'out')).join(' ')
  const networks = join(root, 'etc/systemd/network')
  mkdirSync(networks, { recursive: true })
  const outside = `[Match]\nMACAddress=${out}\n[Network]\nDHCP=ipv4\nGateway=10.0.2.2\n`
  writeFileSync(join(networks, '10-out.network'), outside)
  for (const name of names) {
    const match = `[Match]\nMACAddress=${macOf(name, 'private')}\n`
    const network = `[Network]\nAddress=${addresses[name]}/24\n`
    writeFileSync(join(networks, `20-${name}.network`), match + network)
  }
  const hosts = names.map((name) => `${addresses[name]} ${name}\n`).join('')
  writeFileSync(join(root, 'etc/hosts'), `127.0.0.1 localhost\n${hosts}`)
  writeFileSync(join(root, 'etc/resolv.conf'), 'nameserver 10.0.2.3\n')
  writeFileSync(join(root, 'etc/machine-id'), '') // Each machine makes one of its own.
  mkdirSync(join(root, 'vm'))
  symlinkSync('/lib/systemd/systemd', join(root, 'vm/init'))
}
