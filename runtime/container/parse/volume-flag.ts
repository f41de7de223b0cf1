import type { MountSpec, Propagation } from '../mount-spec.ts'
import { plainMount } from '../mount-spec.ts'
import { cleanPath } from './clean-path.ts'
import { parseIdMappingOption } from './id-mapping-option.ts'
import { invalidValue } from './invalid-value.ts'

const propagations: readonly string[] =
  'private rprivate shared rshared slave rslave unbindable runbindable'.split(' ')

/** Whether `text` names a propagation type (mount_namespaces(7)). */
export function isPropagation(text: string): text is Propagation {
  return propagations.includes(text)
}

/**
 * Read one `-v` value, `[SOURCE:]DESTINATION[:OPTIONS]`. A source that starts with `/`, `.` or `~`
 * is a host path; another is the name of a volume; none is an anonymous volume.
 * @param cwd what a relative source is relative to
 * @throws {OperationError} INVALID_ARGUMENT
 */
export function parseVolumeFlag(text: string, cwd: string): MountSpec {
  const fields = text.split(':')
  const [first = '', second, options] = fields
  const hint = 'Write [SOURCE:]/DESTINATION[:OPTIONS]'
  if (fields.length > 3 || first === '' || text.includes('\0'))
    throw invalidValue('volume', text, hint)
  const base =
    second === undefined
      ? plainMount('volume', destinationPath(first, text))
      : withSource(first, destinationPath(second, text), cwd, text)
  if (options === undefined) return base
  if (options === '') throw invalidValue('volume', text, 'Options are missing after the last colon')
  return options.split(',').reduce((mount, option) => applyOption(mount, option, text), base)
}

function withSource(source: string, destination: string, cwd: string, text: string): MountSpec {
  if (source.startsWith('/') || /^\.{1,2}(?:\/|$)/.test(source)) {
    const path = cleanPath(source.startsWith('/') ? source : `${cwd}/${source}`)
    return { ...plainMount('bind', destination), source: path, createSource: true }
  }
  if (!/^[a-zA-Z0-9][a-zA-Z0-9_.-]+$/.test(source) || source.length > 255)
    throw invalidValue(
      'volume',
      text,
      'A volume name has letters, digits, _ . and -; a host path starts with / or ./',
    )
  return { ...plainMount('volume', destination), source }
}

/**
 * Check where a mount goes in the container.
 * @throws {OperationError} INVALID_ARGUMENT when it is not absolute, or the root itself
 */
export function destinationPath(path: string, text: string): string {
  const clean = cleanPath(path)
  if (!path.startsWith('/') || path.includes('\0'))
    throw invalidValue('mount', text, 'The destination must be an absolute path')
  if (clean === '/')
    throw invalidValue(
      'mount',
      text,
      'The destination must not be /: choose a folder below it, or run that folder itself (--rootfs)',
    )
  return clean
}

function applyOption(mount: MountSpec, option: string, text: string): MountSpec {
  const isBind = mount.kind === 'bind'
  if (isPropagation(option)) {
    if (!isBind) throw invalidValue('volume', text, 'Propagation is for bind mounts alone')
    return { ...mount, propagation: option }
  }
  if (option === 'idmap' || option.startsWith('idmap='))
    return { ...mount, idmap: parseIdMappingOption(option.slice('idmap='.length)) }
  const change = optionChanges[option]
  if (change === undefined || !Object.hasOwn(optionChanges, option))
    throw invalidValue(
      'volume',
      text,
      `The option ${JSON.stringify(option)} is not known: it is one of ${Object.keys(optionChanges).join(', ')}`,
    )
  return { ...mount, ...change }
}

const optionChanges: Readonly<Record<string, Partial<MountSpec>>> = {
  rw: { readOnly: false },
  ro: { readOnly: true },
  rro: { readOnly: true, recursiveReadOnly: true },
  z: { relabel: 'shared' },
  Z: { relabel: 'private' },
  U: { chown: true },
  O: { overlay: true },
  nocopy: { copy: false },
  copy: { copy: true },
  exec: { exec: true },
  noexec: { exec: false },
  suid: { suid: true },
  nosuid: { suid: false },
  dev: { dev: true },
  nodev: { dev: false },
  bind: { recursive: false },
  rbind: { recursive: true },
  // Meant for Docker Desktop's file sharing; there is nothing to be consistent with here.
  cached: {},
  delegated: {},
  consistent: {},
  default: {},
}
