import { readFileSync } from 'node:fs'
import { OperationError, hasCode } from '../../../../native/error.ts'
import type { Pod } from '../../../pod/pod.ts'
import { absolutePath } from '../../absolute-path.ts'
import type { Command, Invocation } from '../../command.ts'
import type { Engine } from '../../engine.ts'
import type { FlagSpec } from '../../flag-spec.ts'
import { flag } from '../../flag-spec.ts'
import { eachContainer } from '../each-container.ts'

export interface PodVerb {
  readonly summary: string
  readonly flags?: readonly FlagSpec[]
  /** Takes --ignore, and says nothing of pods that are not there. */
  readonly mayIgnore?: boolean
  /** Pods that --all means. */
  readonly isWanted?: (status: string) => boolean
  act(engine: Engine, pod: Pod, invocation: Invocation): Promise<unknown>
}

/** A command that does the same to several pods, and prints the id of each. */
export function podVerb(verb: PodVerb): Command {
  const { summary, flags = [], mayIgnore = false } = verb
  return {
    usage: '[OPTIONS] POD [POD...]',
    summary,
    flags: [
      flag('bool', 'all,a', 'Act on all pods'),
      flag('bool', 'latest,l', 'Act on the latest created pod'),
      flag('list', 'pod-id-file', 'Act on the pod whose id is in the file', { value: 'file' }),
      ...(mayIgnore
        ? [flag('bool', 'ignore,i', 'Do not complain about pods that do not exist')]
        : []),
      ...flags,
    ],
    minimumArguments: 0,
    interspersed: true,
    run: (invocation) => runVerb(verb, invocation),
  }
}

async function runVerb(verb: PodVerb, invocation: Invocation): Promise<number> {
  const { requirePod } = await import('../../../pod/pod.ts')
  const args = await selectedPods(verb, invocation)
  return eachContainer({ ...invocation, args }, async (engine, name) => {
    try {
      const pod = await requirePod(engine, name)
      await verb.act(engine, pod, invocation)
      return pod.id
    } catch (error) {
      const isFine =
        invocation.flags.bool('ignore') || (verb.mayIgnore && invocation.flags.bool('force'))
      if (isFine === true && hasCode(error, 'NOT_FOUND')) return ''
      throw error
    }
  })
}

/** @throws {OperationError} `INVALID_ARGUMENT` where there is neither a name nor a flag that selects, or both */
async function selectedPods(
  { isWanted = () => true }: PodVerb,
  { flags, args, io, path, engine }: Invocation,
): Promise<readonly string[]> {
  const files = flags.list('pod-id-file').map((file) => readId(absolutePath(io.cwd, file)))
  const named = [...args, ...files]
  const isSelected = flags.bool('all') || flags.bool('latest')
  if (isSelected === named.length > 0)
    throw new OperationError(
      'INVALID_ARGUMENT',
      `${path} requires at least 1 argument`,
      {},
      {
        hint: isSelected ? 'Name pods or use --all or --latest, not both' : `See '${path} --help'`,
      },
    )
  if (!isSelected) return named
  const { listPods, podStatus } = await import('../../../pod/pod.ts')
  const pods = await listPods(await engine())
  const chosen = flags.bool('latest') ? pods.slice(0, 1) : pods
  return chosen.filter((pod) => isWanted(podStatus(pod))).map(({ id }) => id)
}

function readId(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim()
  } catch (cause) {
    throw new OperationError('NOT_FOUND', 'read the pod id file', { path }, { cause })
  }
}
