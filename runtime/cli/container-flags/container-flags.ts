import { absolutePath } from '../absolute-path.ts'
import { OperationError } from '../../../native/error.ts'
import { defaultOptions } from '../../container/default-options.ts'
import type { ContainerOptions } from '../../container/options.ts'
import type { FlagSpec } from '../flag-spec.ts'
import type { ParsedFlags } from '../parsed-flags.ts'
import { lifeCycleFlags, readLifeCycleFlags } from './life-cycle-flags.ts'
import { namespaceFlags, readNamespaceFlags } from './namespace-flags.ts'
import { networkFlags, readNetworkFlags } from './network-flags.ts'
import { processFlags, readProcessFlags } from './process-flags.ts'
import type { ReadContext } from './read-context.ts'
import { refuseUnsupported, refusedFlags } from './refused-flags.ts'
import { readResourceFlags, resourceFlags } from './resource-flags.ts'
import { readProcessLimits, readSecurityFlags, securityFlags } from './security-flags.ts'
import { readStorageFlags, storageFlags } from './storage-flags.ts'

/** Every flag that create and run share. */
export function containerFlags(): FlagSpec[] {
  return [
    ...processFlags(),
    ...storageFlags(),
    ...resourceFlags(),
    ...securityFlags(),
    ...networkFlags(),
    ...namespaceFlags(),
    ...lifeCycleFlags(),
    ...refusedFlags(),
  ]
}

/**
 * Turn the flags and arguments of create or run into options.
 * @throws {OperationError} INVALID_ARGUMENT
 */
export function readContainerFlags(
  flags: ParsedFlags,
  args: readonly string[],
  context: ReadContext,
): ContainerOptions {
  refuseUnsupported(flags)
  const { cwd } = context.io
  const storage = readStorageFlags(flags, cwd)
  const [first = '', ...command] = args
  const image = storage.rootfs && first !== '' ? absolutePath(cwd, first) : first
  const options: ContainerOptions = {
    ...defaultOptions(image),
    ...readProcessFlags(flags, context),
    ...storage,
    resources: readResourceFlags(flags),
    security: readSecurityFlags(flags, cwd),
    ...readProcessLimits(flags),
    network: readNetworkFlags(flags, cwd),
    namespaces: readNamespaceFlags(flags),
    ...readLifeCycleFlags(flags, context),
    command,
  }
  checkCombinations(options)
  return options
}

function checkCombinations(options: ContainerOptions): void {
  const { detach, attach, rm, hostname, namespaces, image } = options
  if (detach && attach.length > 0) throw conflict('--detach', '--attach')
  if (hostname !== undefined && namespaces.uts.kind !== 'private')
    throw conflict('--hostname', `--uts ${namespaces.uts.kind}`)
  if (image === '')
    throw new OperationError('INVALID_ARGUMENT', 'parse image', {}, { hint: 'It is empty' })
  if (options.rmi && !rm) throw conflict('--rmi', '--rm=false')
}

function conflict(first: string, second: string): OperationError {
  return new OperationError(
    'INVALID_ARGUMENT',
    'combine flags',
    { first, second },
    {
      hint: 'They exclude each other',
    },
  )
}
