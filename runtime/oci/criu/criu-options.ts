import { resolve } from 'node:path'
import type { ParsedFlags } from '../../cli/parsed-flags.ts'
import { type FlagSpec, flag } from '../../cli/flag-spec.ts'
import { OperationError } from '../../../native/error.ts'
import type { Config } from '../../spec/config.ts'

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

const plain = [
  'tcp-established',
  'tcp-skip-in-flight',
  'tcp-close',
  'ext-unix-sk',
  'shell-job',
  'lazy-pages',
  'file-locks',
  'auto-dedup',
] as const

const modes = ['soft', 'full', 'strict', 'ignore', 'none', 'props']

/** The same as options of criu(8). @throws {OperationError} `INVALID_ARGUMENT` */
export function criuOptions(flags: ParsedFlags): string[] {
  const mode = flags.string('manage-cgroups-mode') ?? 'soft'
  if (!modes.includes(mode))
    throw new OperationError(
      'INVALID_ARGUMENT',
      `invalid value ${JSON.stringify(mode)} for --manage-cgroups-mode`,
      {},
      { hint: `It takes ${modes.join(', ')}` },
    )
  const label = flags.string('lsm-profile')
  const context = flags.string('lsm-mount-context')
  return [
    ...plain
      .filter((name) => flags.bool(name))
      .map((name) => (name === 'ext-unix-sk' ? '--ext-unix-sk' : `--${name}`)),
    `--manage-cgroups=${mode}`,
    ...flags.list('empty-ns').map((name) => `--empty-ns=${name === 'network' ? 'net' : name}`),
    ...(label === undefined ? [] : ['--lsm-profile', label]),
    ...(context === undefined ? [] : ['--lsm-mount-context', context]),
  ]
}

export function imagePath(flags: ParsedFlags): string {
  return resolve(flags.string('image-path') ?? 'checkpoint')
}

/** Mounts from the host: what is there does not belong to the checkpoint. */
export function bindMounts({
  mounts = [],
}: Config): { readonly destination: string; readonly source: string }[] {
  return mounts.flatMap(({ type, source, destination, options = [] }) => {
    const isBind = type === 'bind' || options.includes('bind') || options.includes('rbind')
    return isBind && source !== undefined ? [{ destination, source }] : []
  })
}
