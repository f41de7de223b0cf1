import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { hostArchitecture, syscallNumber } from '../../native/syscall-numbers/number.ts'
import type { EngineContext } from '../../runtime/container/engine-context.ts'
import { Zygote } from '../../runtime/container/zygote.ts'
import { HEADER_SIZE, INSTRUCTION_SIZE, NO_SLOT, OP } from '../../runtime/program/format.ts'
import { listNetworks } from '../../runtime/network/network-store.ts'
import { firewallTableName } from '../../runtime/network/network.ts'

// Programs with one step changed, and what must not be left after them.

/** Rewrites one 64-byte instruction in place. */
export type Fault = (instruction: Buffer) => void

/** Error of an injected failure: one that no step tolerates by itself. */
export const injectedErrno = 5

/** The step fails. */
export const failing: Fault = (instruction) => {
  instruction.fill(0)
  instruction[0] = OP.FAIL
  instruction[1] = NO_SLOT
  instruction.writeBigInt64LE(BigInt(injectedErrno), 16)
}

/** The step waits for ever: ppoll(2) of nothing. */
export const blocking: Fault = (instruction) => {
  instruction.fill(0)
  instruction[0] = OP.SYS
  instruction[1] = NO_SLOT
  instruction.writeUInt16LE(blockingCall, 2)
}
const blockingCall = syscallNumber('ppoll', hostArchitecture)

/** A zygote that is given programs with a fault. */
export class FaultyZygote extends Zygote {
  #fault: { readonly step: number; readonly change: Fault } | undefined

  /** For the next program alone. */
  injectNext(step: number, change: Fault): void {
    this.#fault = { step, change }
  }

  override submit(program: Uint8Array): ReturnType<Zygote['submit']> {
    const bytes = Buffer.from(program)
    const fault = this.#fault
    this.#fault = undefined
    if (fault) {
      const at = HEADER_SIZE + fault.step * INSTRUCTION_SIZE
      fault.change(bytes.subarray(at, at + INSTRUCTION_SIZE))
    }
    return super.submit(bytes)
  }
}

/** Pids of the children of a process, all its threads counted. */
export function childrenOf(pid: number): number[] {
  try {
    return readdirSync(`/proc/${pid}/task`).flatMap((thread) =>
      readFileSync(`/proc/${pid}/task/${thread}/children`, 'latin1')
        .split(' ')
        .filter(Boolean)
        .map(Number),
    )
  } catch {
    return [] // It has ended.
  }
}

/** Whether a process waits in an injected step. */
export function isBlocked(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/syscall`, 'latin1').startsWith(
      `${blockingCall} 0x0 0x0 0x0 0x0 `,
    )
  } catch {
    return false
  }
}

/** Everything of one engine that a start can leave behind, as text to compare. */
export function traces(
  { folders }: EngineContext,
  cgroupParent: string,
): Record<string, readonly string[]> {
  return {
    files: [
      ...listFiles(join(folders.dataDir, 'containers')),
      ...listFiles(join(folders.dataDir, 'volumes')),
      ...listFiles(folders.runDir).filter(
        (path) => !/(events\.jsonl|lock|firewall-stamp)$/u.test(path),
      ),
    ],
    groups: readdirSync('/sys/fs/cgroup').flatMap((name) =>
      listFolders(join('/sys/fs/cgroup', name, cgroupParent)),
    ),
    mounts: readFileSync('/proc/self/mountinfo', 'latin1')
      .split('\n')
      .filter((line) => line.includes(folders.dataDir)),
    links: listNetworks(folders).flatMap(({ bridge }) =>
      listFolders(`/sys/class/net/${bridge}/brif`),
    ),
  }
}

/** The engine's firewall table as text. */
export function portRules({ folders }: EngineContext): string {
  const table = firewallTableName(folders)
  return execFileSync('nft', ['list', 'table', 'inet', table], { encoding: 'utf8' })
}

function listFiles(folder: string): string[] {
  if (!existsSync(folder)) return []
  return (readdirSync(folder, { recursive: true }) as string[]).map((path) => join(folder, path))
}

function listFolders(folder: string): string[] {
  if (!existsSync(folder)) return []
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => !entry.isFile())
    .map(({ name }) => join(folder, name))
}
