import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, existsSync, mkdtempSync, renameSync, rmSync, statSync } from 'node:fs'
import { basename, dirname, join, posix, resolve } from 'node:path'
import { commandProtocols, converse, endAs, sendInput } from './converse.ts'
import { containerOf, findPods } from './find-pods.ts'
import { CommandFailure } from './session.ts'
import type { Session } from './session.ts'

/** A file, here or in a pod. */
export interface Place {
  readonly namespace?: string
  /** Empty: here. */
  readonly pod: string
  readonly path: string
}

interface Remote {
  readonly session: Session
  /** Of `exec`, with its container. */
  readonly path: string
}

async function openRemote(session: Session, place: Place, chosen?: string): Promise<Remote> {
  const namespace = place.namespace ?? session.namespace
  const [pod] = await findPods({ ...session, namespace }, place.pod, { doing: 'copy files of' })
  if (!pod) throw new CommandFailure(`pods ${JSON.stringify(place.pod)} not found`)
  const query = new URLSearchParams({
    container: containerOf(pod, chosen),
    stdout: 'true',
    stderr: 'true',
  })
  const path = `/api/v1/namespaces/${namespace}/pods/${pod.metadata.name ?? ''}/exec?${query.toString()}`
  return { session, path }
}

const silent = { write: () => undefined }

async function runRemote(
  { session, path }: Remote,
  words: readonly string[],
  tar?: { readonly startInput?: () => ChildProcess; readonly output?: ChildProcess },
): Promise<void> {
  const query = new URLSearchParams(words.map((word) => ['command', word]))
  if (tar?.startInput) query.set('stdin', 'true')
  const socket = await session.upgrade(`${path}&${query.toString()}`, commandProtocols)
  const status = converse(socket, tar?.output?.stdin ?? silent, tar ? process.stderr : silent)
  // Not before somebody reads: what a process that has ended wrote would be lost.
  const input = tar?.startInput?.()
  if (input?.stdout) sendInput(socket, input.stdout)
  endAs(await status)
}

/** A file or folder into a container: into a folder that is there, or as what is named. */
export async function copyIn(
  session: Session,
  from: string,
  to: Place,
  container?: string,
): Promise<void> {
  if (!existsSync(from)) throw new CommandFailure(`${from} doesn't exist in local filesystem`)
  const remote = await openRemote(session, to, container)
  const wanted = to.path.length > 1 ? to.path.replace(/\/+$/, '') : to.path
  const path = (await isFolder(remote, wanted))
    ? posix.join(wanted, basename(resolve(from)))
    : wanted
  const [own, name] = [basename(resolve(from)), posix.basename(path)]
  const plain = own.replaceAll(/[\\^$.|?*+()[\]{}#]/g, String.raw`\$&`)
  const named = name.replaceAll(/[\\&#]/g, String.raw`\$&`)
  // Names change, what symbolic links lead to does not.
  const transform = `--transform=s#^${plain}(/|$)#${named}\\1#xS`
  const words = ['-C', dirname(resolve(from)), transform, '-cf', '-', '--', own]
  const startInput = (): ChildProcess =>
    spawn('tar', words, { stdio: ['ignore', 'pipe', 'inherit'] })
  const folder = posix.dirname(path)
  const where = folder === '.' ? [] : ['-C', folder]
  await runRemote(remote, ['tar', '-xmf', '-', ...where], { startInput })
}

async function isFolder(remote: Remote, path: string): Promise<boolean> {
  try {
    await runRemote(remote, ['test', '-d', path])
    return true
  } catch (error) {
    if (error instanceof CommandFailure && error.message.startsWith('command terminated'))
      return false
    throw error
  }
}

/** A file or folder out of a container. It is unpacked aside: what a container packs may not lie where it wants. */
export async function copyOut(
  session: Session,
  from: Place,
  to: string,
  container?: string,
): Promise<void> {
  const remote = await openRemote(session, from, container)
  const wanted = resolve(to)
  const isInto = statSync(wanted, { throwIfNoEntry: false })?.isDirectory() === true
  const target = isInto ? join(wanted, posix.basename(from.path)) : wanted
  const aside = mkdtempSync(join(dirname(target), '.myorch-cp-'))
  try {
    const words = ['-C', aside, '--no-same-owner', '-xf', '-']
    const tar = spawn('tar', words, { stdio: ['pipe', 'ignore', 'inherit'] })
    tar.stdin.on('error', () => undefined)
    const ended = once(tar, 'exit')
    try {
      await runRemote(remote, ['tar', 'cf', '-', '--', from.path], { output: tar })
    } finally {
      tar.stdin.end()
      await ended
    }
    moveTo(join(aside, posix.normalize(`/${from.path}`)), target)
  } finally {
    rmSync(aside, { recursive: true, force: true })
  }
}

/** A folder goes into one of its name that is there already. */
function moveTo(found: string, target: string): void {
  if (!existsSync(target)) renameSync(found, target)
  else cpSync(found, target, { recursive: true, force: true, verbatimSymlinks: true })
}
