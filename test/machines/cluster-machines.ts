import { once } from 'node:events'
import { existsSync, watch } from 'node:fs'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import type { Test } from 'tap'
import { makeGuestImage } from '../vm/harness/guest-image.ts'
import { startGuest } from '../vm/harness/start-guest.ts'
import type { Guest } from '../vm/harness/start-guest.ts'

/** Guests on a LAN of their own, which the first one's QEMU is the switch of. */
export const machineNames = ['server', 'node-1', 'node-2'] as const
export type MachineName = (typeof machineNames)[number]

export interface Machine {
  /** A command line on its console, which goes on beside what runs already. */
  type(line: string): void
  /** @returns the first line it printed, from its start on, that matches */
  untilLine(pattern: RegExp): Promise<string>
  /** All that it printed. */
  output(): string
  /** Its power goes. */
  kill(): Promise<void>
}

export interface Machines {
  readonly machine: Readonly<Record<MachineName, Machine>>
  /** Temporary. */
  readonly folder: string
  /** Of this host; the server's 6443 is behind it. */
  readonly port: number
}

/** Boot them side by side. @returns when all have an address and listen to their console */
export async function startMachines(t: Test): Promise<Machines> {
  const image = makeGuestImage('exec bash test/machines/cluster-machine.sh')
  const started: Machine[] = []
  t.teardown(async () => {
    await Promise.all(started.map((machine) => machine.kill()))
    image.remove()
  })
  const port = await freePort()
  const sockets = ['node-1', 'node-2'].map((name) => join(image.folder, `${name}.sock`))
  const start = (name: MachineName, network: readonly string[]): Machine => {
    const machine = startMachine((onLine) =>
      startGuest(image, { name, memoryMib: 1024, network, onLine }),
    )
    started.push(machine)
    return machine
  }
  const server = start('server', serverNetwork(sockets, port))
  for (const path of sockets) await untilThere(image.folder, path)
  const [one, two] = sockets.map((path, at) =>
    start(at === 0 ? 'node-1' : 'node-2', [
      '-netdev',
      `stream,id=lan,server=off,addr.type=unix,addr.path=${path}`,
      '-device',
      `virtio-net-pci,netdev=lan,mac=52:54:00:09:00:0${at + 2}`,
    ]),
  )
  const machine = { server, 'node-1': one!, 'node-2': two! }
  await Promise.all(
    machineNames.map((name) => machine[name].untilLine(new RegExp(`^ready ${name}$`))),
  )
  return { machine, folder: image.folder, port }
}

/** A switch with a wire to each of the others, and this host's port, by which nothing goes out. */
function serverNetwork(sockets: readonly string[], port: number): string[] {
  const wires = sockets.flatMap((path, at) => [
    '-netdev',
    `stream,id=wire${at},server=on,addr.type=unix,addr.path=${path}`,
    '-netdev',
    `hubport,id=hub${at},hubid=0,netdev=wire${at}`,
  ])
  const lan = ['-netdev', 'hubport,id=lan,hubid=0']
  const host = ['-netdev', `user,id=host,restrict=on,hostfwd=tcp:127.0.0.1:${port}-:6443`]
  const first = ['-device', 'virtio-net-pci,netdev=lan,mac=52:54:00:09:00:01']
  return [...wires, ...lan, ...host, ...first, '-device', 'virtio-net-pci,netdev=host']
}

/** @param start hands over the lines that it prints */
export function startMachine(start: (onLine: (line: string) => void) => Guest): Machine {
  const lines: string[] = []
  const waiting = new Set<(line: string) => void>()
  const guest = start((line) => {
    lines.push(line)
    for (const each of waiting) each(line)
  })
  const ended = guest.ended.catch((error: unknown) => void lines.push(String(error)))
  return {
    type: (line) => guest.say(line),
    output: () => lines.join('\n'),
    kill: async () => {
      guest.kill()
      await ended
    },
    untilLine: (pattern) => {
      const found = lines.find((line) => pattern.test(line))
      if (found !== undefined) return Promise.resolve(found)
      const { promise, resolve, reject } = Promise.withResolvers<string>()
      const look = (line: string): void => {
        if (pattern.test(line)) resolve(line)
      }
      waiting.add(look)
      void ended.then(() => reject(new Error(`the machine ended: ${lines.join('\n')}`)))
      return promise.finally(() => waiting.delete(look))
    },
  }
}

/** Until a file is there. */
export async function untilThere(folder: string, path: string): Promise<void> {
  const watcher = watch(folder)
  try {
    while (!existsSync(path)) await once(watcher, 'change')
  } finally {
    watcher.close()
  }
}

/** A port of this host's loopback that nobody has. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}
