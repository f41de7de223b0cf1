import { closeSync, openSync } from 'node:fs'
import { monotonicMs } from '../../native/clock.ts'
import { readInterface } from '../../native/interface.ts'
import { isSystemError } from '../../native/system-error.ts'
import { randomBelow } from '../../native/random.ts'
import { type NamespaceMadeAhead, hostInterfaceName } from '../network/attachment.ts'
import type { NetworkDevice } from '../network/bridge.ts'
import { isOnBridge } from '../network/host-network.ts'
import type { Network } from '../network/network.ts'
import { type AheadPlan, planAhead } from '../network/plan-ahead.ts'
import { compileSpareNetwork } from '../program/compile-spare-network.ts'
import { encodeProgram } from '../program/encode.ts'
import {
  type FilledProgram,
  type ProgramTemplate,
  makeTemplate,
  markOf,
} from '../program/program-template.ts'
import type { EngineContext } from './engine-context.ts'
import type { ProgramLauncher } from './zygote.ts'

/** A network namespace with an interface on a bridge, made while nobody waited. */
export interface SpareNetwork extends NamespaceMadeAhead {
  /** As of `planAttachment`. */
  readonly nonce: number
  /** Let go of it; a container that has joined keeps it. */
  release(): void
}

interface Spare extends SpareNetwork {
  readonly networkId: string
  readonly device: NetworkDevice
  /** Of `monotonicMs`, when its interface was put on the bridge. */
  readonly madeAt: number
}

/** How long it counts as on the bridge, ms, as long as it is there and the bridge is the same: as `standing-bridge.ts`. */
const holdsForMs = 1000

/**
 * For processes that start one container after another: the interface of the next one is made after each start.
 * The kernel takes half a millisecond for it that nobody has to wait for. A spare is a descriptor of this process and ends
 * with it, so there is nothing to sweep; one that does not fit any more is let go.
 */
export class SpareNetworks {
  readonly #host: EngineContext['facts']
  readonly #launcher: ProgramLauncher
  #spare: Spare | undefined
  #wanted: { readonly network: Network; readonly device: NetworkDevice } | undefined
  #isMaking = false
  #isClosed = false
  readonly #templates = new Map<string, ProgramTemplate>()

  constructor({ facts, zygote }: Pick<EngineContext, 'facts' | 'zygote'>) {
    this.#host = facts
    this.#launcher = zygote
  }

  /** The spare of a network that is as `device` says, if there is one; the next is made by `replenish`. */
  take(network: Network, device: NetworkDevice): SpareNetwork | undefined {
    this.#wanted = { network, device }
    const spare = this.#spare
    if (!spare) return undefined
    this.#spare = undefined
    const { index, mtu } = spare.device
    const fits = spare.networkId === network.id && index === device.index && mtu === device.mtu
    if (fits && stands(spare)) return spare
    spare.release()
    return undefined
  }

  /** Make the next one, of the network that was last asked for, once whoever called has gone on. */
  replenish(): void {
    setImmediate(() => this.#make())
  }

  /** Make no more. */
  close(): void {
    this.#isClosed = true
    this.#spare?.release()
    this.#spare = undefined
  }

  /** Two of them differ in their message alone. */
  #program({ outside, inside }: AheadPlan): FilledProgram {
    const { message, acks, pidOffset } = outside
    const kind = [message.length, acks, pidOffset, inside.length].join(' ')
    const known = this.#templates.get(kind)
    if (known) return { template: known, values: [message] }
    const mark = markOf(0, message.length)
    const marked = { outside: { ...outside, message: mark }, inside }
    const program = compileSpareNetwork(this.#host, marked)
    const template = makeTemplate(encodeProgram(program, { reasons: false }), [mark])
    this.#templates.set(kind, template)
    return { template, values: [message] }
  }

  #make(): void {
    if (this.#spare || this.#isMaking || this.#isClosed || !this.#wanted) return
    this.#isMaking = true
    const { network, device } = this.#wanted
    this.#wanted = undefined
    const nonce = randomBelow(2 ** 30)
    const plan = planAhead(network, device, nonce)
    const run = this.#launcher.submit(this.#program(plan), {
      onUser: (pid) => {
        this.#isMaking = false
        if (!this.#isClosed)
          this.#spare = holdNamespace(pid, {
            nonce,
            networkId: network.id,
            device,
            isUp: plan.inside.length > 0,
            madeAt: monotonicMs(),
          })
        killIfPresent(pid)
      },
    })
    const gone = (): void => void (this.#isMaking = false)
    // A start without a spare makes its own interface, and says what is wrong where it cannot.
    run.started.then(gone, gone)
  }
}

/** The kernel tells of a bridge's ports under the lock that each removal of a container holds for long. */
function stands({ nonce, device, madeAt }: Spare): boolean {
  const name = hostInterfaceName(nonce)
  if (monotonicMs() - madeAt < holdsForMs) return readInterface(name) !== undefined
  return isOnBridge(name, device.index)
}

/** The descriptor keeps the namespace: nobody can kill it, and it goes with this process. */
function holdNamespace(pid: number, facts: Omit<Spare, 'path' | 'release'>): Spare | undefined {
  let descriptor: number | undefined
  try {
    descriptor = openSync(`/proc/${pid}/ns/net`, 'r')
  } catch {
    return undefined // Whoever made it was killed meanwhile.
  }
  return {
    ...facts,
    path: `/proc/${process.pid}/fd/${descriptor}`,
    release() {
      if (descriptor !== undefined) closeSync(descriptor)
      descriptor = undefined
    },
  }
}

/** It may have died in this moment. Its number is nobody else's before the zygote has said so. */
function killIfPresent(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch (error) {
    if (!isSystemError(error, 'ESRCH')) throw error
  }
}
