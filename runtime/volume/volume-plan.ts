import { OperationError } from '../../native/error.ts'
import { parseSize } from '../container/parse/size.ts'

// What the options of docker's local driver mean: those of mount(8), and a size.

export type VolumePlan =
  /** A folder or file of the host in place of one of ours: nothing is mounted on the host. */
  | { readonly kind: 'bind'; readonly source: string; readonly readOnly: boolean }
  /** A file system in a file of so many bytes, which nobody can fill beyond that. */
  | { readonly kind: 'disk'; readonly bytes: number }
  /** Mounted on the host as long as a container uses it. */
  | {
      readonly kind: 'mount'
      readonly type: string
      readonly device: string
      /** Separated by commas. */
      readonly options: string
    }

const known = new Set(['type', 'device', 'o', 'size'])

/**
 * @param options of a volume, as `volume create -o NAME=VALUE` gives them
 * @returns undefined for a plain folder
 * @throws {OperationError} `INVALID_ARGUMENT` for what docker refuses, too
 */
export function planVolume(options: Readonly<Record<string, string>>): VolumePlan | undefined {
  const unknown = Object.keys(options).find((name) => !known.has(name))
  if (unknown !== undefined) throw refused(`unknown option ${unknown}`, 'Use type, device, o, size')
  const { type = '', device = '', o = '', size } = options
  const words = o.split(',').filter(Boolean)
  if (type === '' && device === '' && words.length === 0)
    return size === undefined ? undefined : { kind: 'disk', bytes: parseSize(size) }
  if (words.includes('bind') || words.includes('rbind')) return bindPlan(type, device, words)
  return mountPlan({ type, device, words, size })
}

function bindPlan(type: string, device: string, words: readonly string[]): VolumePlan {
  if (type !== '' && type !== 'none' && type !== 'bind')
    throw refused(`a bind of type ${type}`, 'Use -o type=none -o o=bind -o device=/PATH')
  if (!device.startsWith('/'))
    throw refused('the device of a bind must be an absolute path', 'Name it with -o device=/PATH')
  return { kind: 'bind', source: device, readOnly: words.includes('ro') }
}

interface MountWish {
  readonly type: string
  readonly device: string
  readonly words: readonly string[]
  readonly size: string | undefined
}

function mountPlan({ type, device, words, size }: MountWish): VolumePlan {
  if (!/^[\w.-]+$/.test(type)) throw refused('no type of file system', 'Name it with -o type=TYPE')
  if (size !== undefined && type !== 'tmpfs')
    throw refused(
      `a size for a file system of type ${type}`,
      'It has the size it has; a tmpfs and a volume without a type can have another',
    )
  const options = [...words, ...(size === undefined ? [] : [`size=${parseSize(size)}`])]
  if (device === '' && type !== 'tmpfs') throw refused('no device', 'Name it with -o device=DEVICE')
  return {
    kind: 'mount',
    type,
    device: withAddress(type, device === '' ? 'tmpfs' : device, words),
    options: options.join(','),
  }
}

/** Docker has the server of NFS in `addr`, and a device that begins with a colon. */
function withAddress(type: string, device: string, words: readonly string[]): string {
  if (!type.startsWith('nfs') || !device.startsWith(':')) return device
  const address = words.find((word) => word.startsWith('addr='))?.slice('addr='.length) ?? ''
  return `${address.includes(':') ? `[${address}]` : address}${device}`
}

function refused(reason: string, hint: string): OperationError {
  return new OperationError(
    'INVALID_ARGUMENT',
    'read the options of a volume',
    { reason },
    { hint },
  )
}
