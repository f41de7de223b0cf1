import { resolve } from 'node:path'
import type { ParsedFlags } from '../../cli/parsed-flags.ts'
import { type FlagSpec, flag } from '../../cli/flag-spec.ts'
import { OperationError } from '../../../native/error.ts'
import { cgroupModes, optionField } from './request.ts'
import type { WireField } from './wire-format.ts'

/** What `checkpoint` and `restore` take alike. */
export const criuFlags: readonly FlagSpec[] = [
  flag('string', 'image-path', 'Folder of the checkpoint (default: ./checkpoint)', {
    value: 'DIR',
  }),
  flag('string', 'work-path', 'Folder for logs and statistics', { value: 'DIR' }),
  flag('bool', 'tcp-established', 'Take open TCP connections along'),
  flag('bool', 'tcp-skip-in-flight', 'Leave out TCP connections that are being made'),
  flag('bool', 'tcp-close', 'Close TCP connections at the restore'),
  flag('bool', 'ext-unix-sk', 'Take Unix sockets to the outside along'),
  flag('bool', 'shell-job', 'It has the terminal of a shell'),
  flag('bool', 'lazy-pages', 'Transfer memory when it is used'),
  flag('bool', 'file-locks', 'Take file locks along'),
  flag('string', 'manage-cgroups-mode', 'soft, full, strict or ignore', { default: 'soft' }),
  flag('list', 'empty-ns', 'Make this namespace, with nothing in it', { value: 'network' }),
  flag('bool', 'auto-dedup', 'Share pages between images'),
  flag('string', 'lsm-profile', 'TYPE:LABEL that takes the place of the one at the checkpoint'),
  flag('string', 'lsm-mount-context', 'SELinux context of its mounts'),
]

const plain: readonly (readonly [string, number])[] = [
  ['tcp-established', optionField.tcpEstablished],
  ['tcp-skip-in-flight', optionField.tcpSkipInFlight],
  ['tcp-close', optionField.tcpClose],
  ['ext-unix-sk', optionField.externalSockets],
  ['shell-job', optionField.shellJob],
  ['lazy-pages', optionField.lazyPages],
  ['file-locks', optionField.fileLocks],
  ['auto-dedup', optionField.autoDedup],
]

/** CLONE_NEW* of clone(2). */
const namespaces: Readonly<Record<string, number>> = { network: 0x40000000 }

/** The same for CRIU. @throws {OperationError} `INVALID_ARGUMENT` */
export function criuOptions(flags: ParsedFlags): WireField[] {
  const mode = oneOf(
    'manage-cgroups-mode',
    flags.string('manage-cgroups-mode') ?? 'soft',
    cgroupModes,
  )
  const empty = flags
    .list('empty-ns')
    .reduce((all, name) => all | oneOf('empty-ns', name, namespaces), 0)
  const label = flags.string('lsm-profile')
  const context = flags.string('lsm-mount-context')
  return [
    ...plain.filter(([name]) => flags.bool(name)).map(([, field]): WireField => [field, true]),
    [optionField.manageCgroups, mode !== cgroupModes.ignore],
    [optionField.cgroupMode, mode],
    ...(empty === 0 ? [] : [[optionField.emptyNamespaces, empty] as const]),
    ...(label === undefined ? [] : [[optionField.labelProfile, label] as const]),
    ...(context === undefined ? [] : [[optionField.mountContext, context] as const]),
  ]
}

function oneOf(name: string, value: string, known: Readonly<Record<string, number>>): number {
  const found = Object.hasOwn(known, value) ? known[value] : undefined
  if (found !== undefined) return found
  throw new OperationError(
    'INVALID_ARGUMENT',
    `invalid value ${JSON.stringify(value)} for --${name}`,
    {},
    { hint: `It takes ${Object.keys(known).join(', ')}` },
  )
}

export function imagePath(flags: ParsedFlags): string {
  return resolve(flags.string('image-path') ?? 'checkpoint')
}
