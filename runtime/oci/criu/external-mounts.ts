import { lstatSync, readFileSync, readlinkSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { OperationError } from '../../../native/error.ts'
import type { Config } from '../../spec/config.ts'
import { optionField } from './request.ts'
import type { WireField } from './wire-format.ts'

// Mounts from the host: what is there does not belong to a checkpoint. It has their names, and a restore gives them sources.

interface Borrowed {
  /** As the configuration has it; also what images call it. */
  readonly destination: string
  readonly source: string
}

function bindMounts({ mounts = [] }: Config): Borrowed[] {
  return mounts.flatMap(({ type, source, destination, options = [] }) => {
    const isBind = type === 'bind' || options.includes('bind') || options.includes('rbind')
    return isBind && source !== undefined ? [{ destination, source }] : []
  })
}

/** runtime-linux.md#default-devices of the specification */
const usualDevices = ['null', 'zero', 'full', 'random', 'urandom', 'tty'].map(
  (name) => `/dev/${name}`,
)

/** Nodes of the host that may be mounted one by one: in a user namespace none can be made. */
function nodes({ linux }: Config): Borrowed[] {
  const devices = [...usualDevices, ...(linux?.devices ?? []).map(({ path }) => path)]
  const masked = linux?.maskedPaths ?? []
  return [
    ...devices.map((path) => ({ destination: path, source: path })),
    ...masked.map((path) => ({ destination: path, source: '/dev/null' })),
  ]
}

/** For a checkpoint of a container that runs. @throws {OperationError} `UNSUPPORTED` */
export function mountsToDump(config: Config, pid: number): WireField[] {
  const mounts = readMounts(pid)
  const wholes = new Set(mounts.filter(({ root }) => root === '/').map(({ device }) => device))
  // Where a file system has a mount as a whole, parts of it are the container's own.
  const isBorrowed = (path: string): boolean =>
    mounts.some((mount) => mount.point === path && !wholes.has(mount.device))
  const places = new Map<string, string>()
  for (const { destination } of bindMounts(config))
    places.set(realPath(`/proc/${pid}/root`, destination), destination)
  for (const { destination } of nodes(config))
    if (isBorrowed(destination)) places.set(destination, destination)
  refuseTwins(mounts.filter(({ point }) => places.has(point)))
  return [...places].map(([point, key]) => [optionField.external, `mnt[${point}]:${key}`])
}

/**
 * CRIU (4.2 and older) leaves a mount from the host writable where another one of its source was made before with the same
 * options: nobody could restore such a checkpoint as it was.
 */
function refuseTwins(mounts: readonly MountLine[]): void {
  for (const [index, one] of mounts.entries()) {
    if (!one.options.includes('ro')) continue
    const twin = mounts.slice(index + 1).find((other) => isTwin(one, other))
    if (twin)
      throw new OperationError(
        'UNSUPPORTED',
        'checkpoint two read-only mounts of one source: CRIU would leave one of them writable',
        { first: one.point, second: twin.point },
        {
          hint: 'Mount the source once, or with other options the second time (nosuid, nodev, noexec)',
        },
      )
  }
}

function isTwin(one: MountLine, other: MountLine): boolean {
  const isWithin = (a: string, b: string): boolean => a === b || a.startsWith(`${b}/`)
  const isNested = isWithin(one.root, other.root) || isWithin(other.root, one.root)
  return one.device === other.device && isNested && one.options.join() === other.options.join()
}

interface MountLine {
  /** MAJOR:MINOR */
  readonly device: string
  /** Within its file system. */
  readonly root: string
  readonly point: string
  readonly options: readonly string[]
}

function readMounts(pid: number): MountLine[] {
  const lines = readFileSync(`/proc/${pid}/mountinfo`, 'utf8').split('\n').filter(Boolean)
  return lines.map((line) => {
    const [, , device = '', root = '', point = '', options = ''] = line.split(' ')
    return { device, root, point, options: options.split(',') }
  })
}

/**
 * Asked before anything of a restored container runs.
 *
 * @throws {OperationError} `UNSUPPORTED` where a mount that is to be read-only is not (see `refuseTwins`)
 */
export function requireReadOnly(config: Config, pid: number): void {
  const mounts = readMounts(pid)
  const asked = (config.mounts ?? []).filter(({ options = [] }) => isReadOnly(options))
  const points = asked.map(({ destination }) => realPath(`/proc/${pid}/root`, destination))
  if (config.root.readonly === true) points.push('/')
  for (const point of points) {
    // Of several on one place the last one is seen.
    const mount = mounts.findLast((one) => one.point === point)
    if (!mount || mount.options.includes('ro')) continue
    throw new OperationError(
      'UNSUPPORTED',
      'restore a read-only mount: CRIU has left it writable',
      { point },
      {
        hint: 'CRIU 3.17 forgets it of every read-only root: install a newer one',
      },
    )
  }
}

function isReadOnly(options: readonly string[]): boolean {
  return options.findLast((option) => option === 'ro' || option === 'rw') === 'ro'
}

const mostLinks = 40

/** Where a path of the container leads in it, as the kernel names it. */
function realPath(root: string, path: string): string {
  let links = 0
  const rest = path.split('/')
  let at = '/'
  for (let part = rest.shift(); part !== undefined; part = rest.shift()) {
    const next = resolve(at, part)
    const target = links < mostLinks ? linkAt(join(root, next)) : undefined
    if (target === undefined) at = next
    else {
      links++
      rest.unshift(...target.split('/'))
      if (target.startsWith('/')) at = '/'
    }
  }
  return at
}

function linkAt(path: string): string | undefined {
  return lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true
    ? readlinkSync(path)
    : undefined
}

/** Now from where the configuration of the new container has them. */
export function mountsToRestore(config: Config, bundle: string): WireField[] {
  const sources = new Map<string, string>()
  for (const { destination, source } of [...nodes(config), ...bindMounts(config)])
    sources.set(destination, resolve(bundle, source))
  return [...sources].map(([key, source]) => [optionField.external, `mnt[${key}]:${source}`])
}
