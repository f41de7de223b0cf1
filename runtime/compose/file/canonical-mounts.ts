import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import type { Port, ServiceVolume } from '../model/service.ts'
import type { WrittenService } from './service-schema.ts'
import { invalidField, present, toFlag, toText } from './spelling.ts'

type WrittenVolume = NonNullable<WrittenService['volumes']>[number]
type WrittenPort = NonNullable<WrittenService['ports']>[number]

/** @param folder what `./source` is relative to */
export function canonicalVolume(written: WrittenVolume, folder: string, at: string): ServiceVolume {
  if (typeof written === 'string') return shortVolume(written, folder, at)
  const { type = 'volume', source, target, bind, volume, tmpfs, image } = written
  if (type === 'npipe' || type === 'cluster')
    throw invalidField(at, 'this type of volume is not for Linux containers', type)
  if (target === undefined) throw invalidField(at, 'target is missing', source ?? type)
  if (type === 'bind' && source === undefined) throw invalidField(at, 'source is missing', target)
  return present({
    type,
    source: type === 'bind' && source !== undefined ? hostPath(source, folder) : source,
    target,
    readOnly: toFlag(written.read_only),
    propagation: bind?.propagation,
    createHostPath: toFlag(bind?.create_host_path),
    selinux: bind?.selinux,
    nocopy: toFlag(volume?.nocopy),
    subpath: volume?.subpath ?? image?.subpath,
    tmpfsSize: toText(tmpfs?.size),
    tmpfsMode: toText(tmpfs?.mode),
  })
}

/** `[SOURCE:]TARGET[:MODE,…]`; a source that is no path is the name of a volume. */
function shortVolume(text: string, folder: string, at: string): ServiceVolume {
  const parts = text.split(':')
  const [first = '', second, third] = parts
  if (parts.length > 3 || parts.includes(''))
    throw invalidField(at, 'expected SOURCE:TARGET or SOURCE:TARGET:MODE', text)
  if (second === undefined) return { type: 'volume', target: first }
  if (!second.startsWith('/')) throw invalidField(at, 'the target must be an absolute path', text)
  const modes = third?.split(',') ?? []
  const isPath = /^[./~]/.test(first)
  return present({
    type: isPath ? ('bind' as const) : ('volume' as const),
    source: isPath ? hostPath(first, folder) : first,
    target: second,
    readOnly: modes.includes('ro') ? true : undefined,
    propagation: modes.find((mode) => /^r?(?:private|shared|slave)$/.test(mode)),
    createHostPath: isPath ? true : undefined,
    selinux: modes.find((mode) => mode === 'z' || mode === 'Z'),
    nocopy: modes.includes('nocopy') ? true : undefined,
  })
}

/** Absolute; `~` is the caller's home. */
export function hostPath(path: string, folder: string): string {
  if (path === '~' || path.startsWith('~/')) return join(homedir(), path.slice(1))
  return resolve(folder, path)
}

const shortPort = /^(?:(?:\[([^\]]+)\]|([^:[\]]+)):)?(?:([\d-]*):)?(\d+(?:-\d+)?)(?:\/(\w+))?$/
const publishedOnly = /^[\d-]+$/

export function canonicalPort(written: WrittenPort, at: string): Port {
  if (typeof written === 'object') {
    const { target, published, host_ip: hostIp, protocol = 'tcp' } = written
    if (target === undefined) throw invalidField(at, 'target is missing', JSON.stringify(written))
    const host = published === undefined || published === '' ? undefined : String(published)
    return present({ target: String(target), published: host, hostIp, protocol })
  }
  const [, ipv6, second, third, target, protocol = 'tcp'] = shortPort.exec(String(written)) ?? []
  if (target === undefined)
    throw invalidField(at, 'expected [[ADDRESS:]HOST:]CONTAINER[/PROTOCOL]', String(written))
  // `80:8080` has its first part where an address would be.
  const isPublished = third === undefined && second !== undefined && publishedOnly.test(second)
  const published = isPublished ? second : third
  const hostIp = ipv6 ?? (isPublished ? undefined : second)
  return present({
    target,
    published: published === '' ? undefined : published,
    hostIp,
    protocol,
  })
}
