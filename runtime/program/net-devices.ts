// Network devices of the host that go to the container. The outer half moves them: it has the rights over both namespaces,
// and takes them back where the start fails, since the kernel would destroy them with the new namespace.

import type { NetlinkExchange } from '../network/netlink-exchange.ts'
import { namespaceOffset } from '../network/rtnetlink/moved-link.ts'
import { close } from './compilation.ts'
import type { ContainerCompilation } from './compilation.ts'
import { AT_FDCWD, CLONE, ERRNO, O } from './flags/values.ts'
import { openNetlink, runExchange } from './network.ts'
import type { Operand, Slot } from './operand.ts'

const source =
  'https://github.com/opencontainers/runtime-spec/blob/v1.3.0/config-linux.md#network-devices'

/** One device, as messages of rtnetlink(7). */
export interface MovedDevice {
  readonly name: string
  readonly inside: string
  /** Outside, with a descriptor of the container's namespace. */
  readonly move: Uint8Array
  /** Inside, with a descriptor of the host's namespace. */
  readonly back: Uint8Array
  /** A question for its name inside; absent where the kernel chooses one. */
  readonly look: Uint8Array | undefined
  /** Inside, after the move. */
  readonly setUp: NetlinkExchange
  /** Outside, after it came back. */
  readonly restore: NetlinkExchange
}

/** Outer half, after the clone. */
export function moveNetDevices(c: ContainerCompilation): void {
  const devices = c.input.netDevices ?? []
  if (devices.length === 0) return
  const { b } = c
  const [home, inside] = [b.slot('homeNetwork'), b.slot('innerNetwork')]
  open(c, b.text('/proc/self/ns/net'), home, 'the way back, for this process and for the devices')
  const joined = c.namespaces.get('network')
  const path =
    joined === undefined
      ? b.format('/proc/%d/ns/net', b.slot('pid'), {
          why: 'the namespace of the process just made',
          source,
        })
      : b.text(joined)
  open(c, path, inside, 'where the devices go')
  if (joined !== undefined) lookInside(c, devices)
  openNetlink(c, 'route')
  for (const device of devices)
    move(c, device.move, inside, `${device.name} goes to the container as ${device.inside}`)
  close(c, b.slot('netlink'), 'nothing more to ask')
}

/** Where others may be at home the name must be free. */
function lookInside(c: ContainerCompilation, devices: readonly MovedDevice[]): void {
  const { b } = c
  enter(c, b.slot('innerNetwork'), 'the devices that are there already')
  openNetlink(c, 'route')
  for (const { look, inside } of devices) {
    if (look === undefined) continue
    const answer = b.data.scratch(4096)
    const why = `${inside} must not be there already`
    b.call('sendto', [b.slot('netlink'), b.data.bytes(look), look.length, 0, 0, 0], { why, source })
    b.call('recvfrom', [b.slot('netlink'), answer, 4096, 0x40, 0, 0], { why, source })
    b.load(b.slot('number'), answer, 16, 4, { why, source: 'netlink(7)' })
    b.assert(b.slot('number'), -ENODEV, ERRNO.EEXIST, { why, source })
  }
  close(c, b.slot('netlink'), 'nothing more to ask')
  enter(c, b.slot('homeNetwork'), 'the devices are still here')
}
const ENODEV = 19

/** Inner half: what the kernel has dropped on the way. */
export function setUpNetDevices(c: ContainerCompilation): void {
  const { netDevices = [] } = c.input
  if (netDevices.length === 0) return
  openNetlink(c, 'route')
  for (const { setUp } of netDevices) runExchange(c, setUp)
  close(c, c.b.slot('netlink'), 'nothing more to ask')
}

/** Cleanup section, after a start that failed. */
export function returnNetDevices(c: ContainerCompilation): void {
  const { netDevices = [] } = c.input
  if (netDevices.length === 0) return
  const { b } = c
  const done = b.label('devices are back')
  b.call('setns', [b.slot('innerNetwork'), CLONE.NEWNET], {
    ignore: 'any',
    ifIgnored: done,
    why: 'the namespace lives as long as this descriptor, and the devices in it',
    source: 'setns(2)',
  })
  openNetlink(c, 'route')
  for (const { name, back } of netDevices)
    move(c, back, b.slot('homeNetwork'), `${name} goes back to where it was`)
  close(c, b.slot('netlink'), 'the next messages are for the host')
  enter(c, b.slot('homeNetwork'), 'they are here again')
  openNetlink(c, 'route')
  for (const { restore } of netDevices) runExchange(c, restore)
  close(c, b.slot('netlink'), 'nothing more to ask')
  b.place(done)
}

function open(c: ContainerCompilation, path: Operand, to: Slot, why: string): void {
  c.b.call('openat', [AT_FDCWD, path, O.CLOEXEC, 0], {
    to,
    why,
    source: 'setns(2)',
  })
}

function enter(c: ContainerCompilation, namespace: Operand, why: string): void {
  c.b.call('setns', [namespace, CLONE.NEWNET], { why, source: 'setns(2)' })
}

function move(c: ContainerCompilation, message: Uint8Array, namespace: Operand, why: string): void {
  const { b } = c
  const data = b.data.bytes(message)
  b.store(namespace, data, namespaceOffset, 4, { why: 'the descriptor is known only now', source })
  const answer = b.data.scratch(4096)
  b.call('sendto', [b.slot('netlink'), data, message.length, 0, 0, 0], { why, source })
  b.call('recvfrom', [b.slot('netlink'), answer, 4096, 0x40, 0, 0], { why, source: 'netlink(7)' })
  b.check(answer, 16, { why, source })
}
