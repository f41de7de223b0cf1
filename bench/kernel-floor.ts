import { mkdtempSync } from 'node:fs'
import { join } from 'node:path'
import { readHostFacts } from '../runtime/inspect-host/host-facts.ts'
import { Zygote } from '../runtime/container/zygote.ts'
import { planAttachment } from '../runtime/network/attachment.ts'
import { ensureNetwork } from '../runtime/network/bridge.ts'
import { addressNumber, formatAddress } from '../runtime/network/ip-address.ts'
import { requireNetwork } from '../runtime/network/network-store.ts'
import { addressAt, parseSubnet } from '../runtime/network/subnet.ts'
import type { NetworkAttachment } from '../runtime/network/netlink-exchange.ts'
import { startCompilation } from '../runtime/program/compilation.ts'
import { encodeProgram } from '../runtime/program/encode.ts'
import { execute } from '../runtime/program/execute.ts'
import { CLONE } from '../runtime/program/flags/values.ts'
import {
  awaitGo,
  cloneHalves,
  keepGoEnd,
  prepareGo,
  prepareHalves,
  sendGo,
  startInner,
} from '../runtime/program/halves.ts'
import { becomeMonitor } from '../runtime/program/monitor.ts'
import { attachOutside, configureInside } from '../runtime/program/network.ts'
import type { Laboratory } from './laboratory.ts'

export interface KernelFloor {
  /** Start a program in its namespaces, with an interface on the bridge, and wait for its end. */
  start(): Promise<void>
  close(): void
}

const newNamespaces =
  CLONE.NEWNS | CLONE.NEWUTS | CLONE.NEWIPC | CLONE.NEWPID | CLONE.NEWNET | CLONE.PIDFD

/**
 * What is left when nothing is done but what no runtime can leave out that gives each container a network of its
 * own: namespaces, a pair of interfaces, an address, execve. No root file system, no control group, no
 * filter, no log, no record. It bounds what any start with a network can reach on this kernel.
 */
export function openKernelFloor({ folder, root }: Laboratory): KernelFloor {
  const folders = { dataDir: join(root, 'data'), runDir: join(root, 'run'), root }
  const network = requireNetwork(folders, 'bridge')
  const device = ensureNetwork(folders, network)
  const zygote = new Zygote()
  const facts = readHostFacts()
  const program = join(folder, 'rootfs/bin/true')
  let count = 0
  const attachment = (): NetworkAttachment => {
    count += 1
    // Far from what containers of the same network lease.
    const address = addressAt(parseSubnet(network.ipv4.subnet), 0x8000n + BigInt(count % 0x4000))
    const bytes = addressNumber(address).toString(16).padStart(8, '0').match(/../g) ?? []
    return planAttachment({
      folders,
      network,
      device,
      lease: {
        ipv4: {
          address: formatAddress(address),
          prefixLength: parseSubnet(network.ipv4.subnet).prefixLength,
          gateway: network.ipv4.gateway,
        },
        mac: ['02', '42', ...bytes].join(':'),
        files: [],
      },
      position: 0,
      nonce: 0x1000_0000 + count,
      defaultRoute: true,
      ports: [],
      portLeases: [],
    })
  }
  return {
    async start() {
      const stateDir = mkdtempSync(join(folder, 'floor-'))
      const steps = compileFloor(stateDir, program, facts, attachment())
      const run = zygote.submit(encodeProgram(steps, { reasons: false }))
      const outcome = await run.started
      if (outcome.kind !== 'running') throw new Error(`kernel floor: ${JSON.stringify(outcome)}`)
      await run.ended
    },
    close: () => zygote.close(),
  }
}

function compileFloor(
  stateDir: string,
  path: string,
  host: ReturnType<typeof readHostFacts>,
  network: NetworkAttachment,
): ReturnType<ReturnType<typeof startCompilation>['b']['build']> {
  const monitor = { hold: false, keepStdin: false, stdinOnce: false }
  const base = {
    id: 'floor',
    host,
    stdio: { kind: 'null' },
    stateDir,
    log: undefined,
    monitor,
  } as const
  const c = startCompilation(base, {
    ociVersion: '1.3.0',
    root: { path: '/' },
    process: { args: [path], env: [], cwd: '/', user: { uid: 0, gid: 0 } },
    linux: { namespaces: [{ type: 'network' }] },
  })
  const inner = c.b.label('inner half')
  prepareHalves(c)
  prepareGo(c)
  cloneHalves(c, newNamespaces, false, inner)
  keepGoEnd(c, 'outer')
  attachOutside(c, network)
  sendGo(c, 'its interface is there')
  becomeMonitor(c)
  c.b.place(inner)
  c.b.startPhase('inner')
  startInner(c)
  keepGoEnd(c, 'inner')
  awaitGo(c, 'the interface must be inside before it is set up')
  configureInside(c, network)
  execute(c, false)
  return c.b.build()
}
