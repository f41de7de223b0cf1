import { readFileSync } from 'node:fs'
import { OperationError } from '../../../native/error.ts'
import type { ContainerOptions } from '../../container/options.ts'
import { absolutePath } from '../absolute-path.ts'
import type { Invocation } from '../command.ts'
import type { Engine } from '../engine.ts'
import { readContainerFlags } from './container-flags.ts'
import { openReadContext } from './read-context.ts'

/**
 * What `run` and `create` ask for, in the pod that `--pod` names.
 *
 * @throws {OperationError} INVALID_ARGUMENT, NOT_FOUND for a pod
 */
export async function wantedContainer({ flags, args, io, engine }: Invocation): Promise<{
  readonly opened: Engine
  readonly options: ContainerOptions
}> {
  // Mistakes are told before the engine is opened.
  const options = readContainerFlags(flags, args, openReadContext(io))
  const opened = await engine()
  const file = flags.string('pod-id-file')
  const pod =
    flags.string('pod') ?? (file === undefined ? undefined : readId(absolutePath(io.cwd, file)))
  if (pod === undefined) return { opened, options }
  const { joinPod } = await import('../../pod/join-pod.ts')
  if (!pod.startsWith('new:')) return { opened, options: await joinPod(opened, pod, options) }
  const { createPodFor } = await import('../../pod/create-pod.ts')
  const { id, rest } = await createPodFor(opened, pod.slice('new:'.length), options, io)
  return { opened, options: await joinPod(opened, id, rest) }
}

function readId(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim()
  } catch (cause) {
    throw new OperationError('NOT_FOUND', 'read the pod id file', { path }, { cause })
  }
}
