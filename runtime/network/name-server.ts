import { unlinkIfPresent } from '../../native/unlink-if-present.ts'
import { monotonicMs } from '../../native/clock.ts'
import { closeSync, existsSync, mkdirSync, openSync } from 'node:fs'
import { join } from 'node:path'
import { OperationError } from '../../native/error.ts'
import { lockSync, tryLock } from '../../native/lock.ts'
import { isSystemError } from '../../native/system-error.ts'
import type { Network, NetworkFolders } from './network.ts'
import { networkRunFolder, readIfPresent } from './network-files.ts'

// Starting the name server of a network, from the side of commands: nothing here loads the server.

const readyTimeoutMs = 5_000
const pollMs = 5

/** Of this process, by the network's folder. */
const underWay = new Map<string, Promise<void>>()

/**
 * Make sure that a network's name server answers; containers that start side by side wait for the same one. Call it
 * after the container's name record is written, for a server with no records ends.
 *
 * @param command program and arguments of a process that calls `serveNames` for this network
 * @throws {OperationError} `TIMEOUT` where it does not come up, e.g. since port 53 of the gateway is taken
 */
export async function ensureNameServer(
  folders: NetworkFolders,
  network: Network,
  command: readonly [string, ...string[]],
): Promise<void> {
  const folder = networkRunFolder(folders, network.name)
  const known = underWay.get(folder)
  if (known) return known
  const made = bringUp(folder, network, command).finally(() => underWay.delete(folder))
  underWay.set(folder, made)
  return made
}

async function bringUp(
  folder: string,
  network: Network,
  command: readonly [string, ...string[]],
): Promise<void> {
  const ready = join(folder, 'name-server.pid')
  const log = join(folder, 'name-server.log')
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const deadline = monotonicMs() + readyTimeoutMs
  let running: 'none' | 'launched' | 'ended' = 'none'
  // The ready file is empty for a moment.
  do {
    // One that ended before it was ready met another on its way out: it had the lock, or the port.
    if (running !== 'launched' && isUnserved(folder, ready)) {
      running = 'launched'
      await launch(command, log, () => (running = 'ended'))
    }
    if (monotonicMs() > deadline) throw notUp(network, readIfPresent(log))
    await new Promise((resolve) => {
      setTimeout(resolve, pollMs)
    })
  } while (!readIfPresent(ready))
}

/** Nobody serves: the ready file, if any, is of a server that was killed. */
function isUnserved(folder: string, ready: string): boolean {
  using lock = tryLock(join(folder, 'name-server.lock'))
  if (lock) unlinkIfPresent(ready)
  return lock !== undefined
}

function notUp({ name, ipv4, ipv6 }: Network, said = ''): OperationError {
  const last = said.trim().split('\n').at(-1)
  return new OperationError(
    'TIMEOUT',
    'start the name server',
    {
      network: name,
      address: ipv4.gateway || (ipv6?.gateway ?? ''),
      port: 53,
      ...(last ? { said: last } : {}),
    },
    { hint: `See what else listens on port 53: ss -lnp sport = :53` },
  )
}

/** End a network's name server, so that the address is free and a later network of that name gets one of its own. */
export function endNameServer(folders: NetworkFolders, name: string): void {
  const folder = networkRunFolder(folders, name)
  if (!existsSync(folder)) return
  const path = join(folder, 'name-server.lock')
  const lock = tryLock(path)
  if (lock) return lock.release()
  const pid = Number(readIfPresent(join(folder, 'name-server.pid')))
  // One that has not come to write its number finds the network gone, and ends. A command that is about to start one
  // holds the lock too, beside the number of one that was killed.
  if (!isNameServer(pid, name)) return
  try {
    process.kill(pid, 'SIGTERM')
    lockSync(path).release()
  } catch (error) {
    if (!isSystemError(error, 'ESRCH')) throw error
  }
}

function isNameServer(pid: number, name: string): boolean {
  return pid > 0 && (readIfPresent(`/proc/${pid}/cmdline`) ?? '').endsWith(`\0names\0${name}\0`)
}

/** @param log file for what it says on standard error */
async function launch(
  [program, ...args]: readonly [string, ...string[]],
  log: string,
  onEnd: () => void,
): Promise<void> {
  const { spawn } = await import('node:child_process')
  const file = openSync(log, 'w', 0o600)
  const child = spawn(program, args, { detached: true, stdio: ['ignore', 'ignore', file] })
  closeSync(file)
  child.once('exit', onEnd)
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve)
    child.once('error', (cause) =>
      reject(new OperationError('INTERNAL', 'start the name server', { program }, { cause })),
    )
  })
  child.unref()
}
