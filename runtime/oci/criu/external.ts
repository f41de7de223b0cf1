import { closeSync, openSync, readFileSync, readlinkSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { OperationError } from '../../../native/error.ts'
import { isSystemError } from '../../../native/system-error.ts'
import type { Config } from '../../spec/config.ts'
import { inheritDescriptor, optionField } from './request.ts'
import type { WireField } from './wire-format.ts'

// Streams and namespaces that a container uses and does not own: its checkpoint names it, and a restore gives it something in its place.

/** In the folder of a checkpoint, where other runtimes have it too: what the streams of the first process were. */
const streamsFile = 'descriptors.json'
const streams = [0, 1, 2] as const

/** Namespaces that CRIU can leave to others, and what images call them. */
const namespaceKeys = [
  ['network', 'net', 'extRootNetNS'],
  ['pid', 'pid', 'extRootPidNS'],
] as const

/** For a checkpoint of a container that runs. */
export function externalToDump(config: Config, pid: number): WireField[] {
  return [...externalNamespaces(config, pid), ...externalFiles(pid)].map((text) => [
    optionField.external,
    text,
  ])
}

function externalNamespaces(config: Config, pid: number): string[] {
  return namespaceKeys.flatMap(([type, name, key]) =>
    namespacePath(config, type) === undefined
      ? []
      : [`${name}[${statSync(`/proc/${pid}/ns/${name}`).ino}]:${key}`],
  )
}

function namespacePath({ linux }: Config, wanted: string): string | undefined {
  const found = linux?.namespaces?.find(({ type }) => type === wanted)
  return found?.path === '' ? undefined : found?.path
}

/** Files, FIFOs and devices of the host among its streams. Pipes need no mention. */
function externalFiles(pid: number): string[] {
  return [...new Set(readStreams(pid))].filter((key) => key.startsWith('file['))
}

/** How CRIU calls the streams of a process: `pipe:[INODE]`, `file[MOUNT:INODE]`; or their paths. Empty: closed. */
function readStreams(pid: number): string[] {
  const mounts = readFileSync(`/proc/${pid}/mountinfo`, 'utf8')
  const own = new Set(mounts.split('\n').map((line) => Number.parseInt(line, 10)))
  return streams.map((number) => readStream(pid, number, own))
}

function readStream(pid: number, number: number, own: ReadonlySet<number>): string {
  try {
    const path = `/proc/${pid}/fd/${number}`
    const target = readlinkSync(path)
    if (!target.startsWith('/')) return target
    const [, text] =
      /^mnt_id:\s*(\d+)$/m.exec(readFileSync(`/proc/${pid}/fdinfo/${number}`, 'utf8')) ?? []
    const mount = Number(text)
    return own.has(mount)
      ? target
      : `file[${mount.toString(16)}:${statSync(path).ino.toString(16)}]`
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return ''
    throw error
  }
}

/** Beside the images, since they do not tell which of several pipes was which stream. */
export function keepStreams(imagePath: string, pid: number): void {
  const text = JSON.stringify(readStreams(pid))
  writeFileSync(join(imagePath, streamsFile), text, { mode: 0o600 })
}

/** Descriptors that a restored container gets from us, and what they are for it. */
export interface Handed {
  readonly descriptors: readonly number[]
  readonly options: readonly WireField[]
  close(): void
}

/**
 * The caller's streams in the place of those at the checkpoint, namespaces of the configuration in the place of what it
 * was in then. The names of streams come from the folder of the checkpoint: they select among our three, and no more.
 *
 * @param first number of the first of the descriptors in CRIU
 * @throws {OperationError} `NOT_FOUND` where a namespace of the configuration is not there
 */
export function handOver(config: Config, imagePath: string, first: number): Handed {
  const descriptors: number[] = []
  const opened: number[] = []
  const options = new Map<string, WireField>()
  const hand = (key: string, descriptor: number): void => {
    if (options.has(key)) return
    options.set(key, inheritDescriptor(key, first + descriptors.length))
    descriptors.push(descriptor)
  }
  if (config.process?.terminal !== true)
    for (const [number, key] of keptStreams(imagePath).entries())
      if (/^(?:pipe:\[\d+\]|file\[[\da-f]+:[\da-f]+\])$/.test(key)) hand(key, number)
  for (const [type, , key] of namespaceKeys) {
    const path = namespacePath(config, type)
    if (path === undefined) continue
    const descriptor = openNamespace(type, path)
    opened.push(descriptor)
    hand(key, descriptor)
  }
  const close = (): void => opened.forEach((descriptor) => closeSync(descriptor))
  return { descriptors, options: [...options.values()], close }
}

function keptStreams(imagePath: string): string[] {
  try {
    const list: unknown = JSON.parse(readFileSync(join(imagePath, streamsFile), 'utf8'))
    return Array.isArray(list) ? list.slice(0, streams.length).map(String) : []
  } catch {
    return [] // Of somebody else's making, without streams of the host.
  }
}

function openNamespace(type: string, path: string): number {
  try {
    return openSync(path, 'r')
  } catch (cause) {
    throw new OperationError(
      'NOT_FOUND',
      `open the ${type} namespace of the configuration`,
      { path },
      { cause, hint: 'Make it before, or take the path out of linux.namespaces' },
    )
  }
}
