import { lstatSync, readFileSync, readlinkSync } from 'node:fs'
import { join, resolve } from 'node:path'
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

/** For a checkpoint of a container that runs. */
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
  return [...places].map(([point, key]) => [optionField.external, `mnt[${point}]:${key}`])
}

interface MountLine {
  /** MAJOR:MINOR */
  readonly device: string
  /** Within its file system. */
  readonly root: string
  readonly point: string
}

function readMounts(pid: number): MountLine[] {
  const lines = readFileSync(`/proc/${pid}/mountinfo`, 'utf8').split('\n').filter(Boolean)
  return lines.map((line) => {
    const [, , device = '', root = '', point = ''] = line.split(' ')
    return { device, root, point }
  })
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
