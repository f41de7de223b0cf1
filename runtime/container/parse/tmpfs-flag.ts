import type { MountSpec } from '../mount-spec.ts'
import { plainMount } from '../mount-spec.ts'
import { invalidValue } from './invalid-value.ts'
import { parseMode } from './mount-flag.ts'
import { parseSize } from './size.ts'
import { destinationPath } from './volume-flag.ts'

/** tmpfs(5) options that reach the kernel as they are, and mount(8) flags. */
const passedOn =
  /^(?:uid|gid|nr_inodes|nr_blocks|mpol|huge)=[\w:,.=+*-]+$|^(?:noatime|relatime|strictatime|nodiratime|sync|async|noswap)$/

/**
 * Read one `--tmpfs` value, `PATH[:OPTIONS]`, options as mount(8) has them: `size=64m,mode=1777,noexec`.
 * @throws {OperationError} INVALID_ARGUMENT
 */
export function parseTmpfsFlag(text: string): MountSpec {
  const colon = text.indexOf(':')
  const path = colon < 0 ? text : text.slice(0, colon)
  const mount = plainMount('tmpfs', destinationPath(path, text))
  if (colon < 0) return mount
  return text
    .slice(colon + 1)
    .split(',')
    .reduce((done, option) => ({ ...done, ...change(option, done, text) }), mount)
}

function change(option: string, mount: MountSpec, text: string): Partial<MountSpec> {
  switch (option) {
    case '':
    case 'defaults':
    case 'rw':
    case 'notmpcopyup':
      return {}
    case 'tmpcopyup':
      return { options: [...mount.options, option] }
    case 'ro':
      return { readOnly: true }
    case 'exec':
    case 'suid':
    case 'dev':
      return { [option]: true }
    case 'noexec':
    case 'nosuid':
    case 'nodev':
      return { [option.slice(2)]: false }
    default:
  }
  if (option.startsWith('size=')) return tmpfsSize(option.slice(5))
  if (option.startsWith('mode=')) return { tmpfsMode: parseMode(option.slice(5), text) }
  if (passedOn.test(option)) return { options: [...mount.options, option] }
  throw invalidValue(
    'tmpfs',
    text,
    `The option ${JSON.stringify(option)} is not known; size=64m, mode=1777, uid=, gid=, nr_inodes=, ro and noexec are`,
  )
}

function tmpfsSize(value: string): Partial<MountSpec> {
  // A percentage of memory is the kernel's to work out.
  return /^\d{1,3}%$/.test(value) ? { options: [`size=${value}`] } : { tmpfsSize: parseSize(value) }
}
