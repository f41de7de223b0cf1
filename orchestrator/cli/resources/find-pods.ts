import { listAt, textAt, valueAt } from '../../api/object.ts'
import type { KubeObject } from '../../api/object.ts'
import { findResource } from './discover.ts'
import { CommandFailure } from './session.ts'
import type { Session } from './session.ts'
import { listObjects, parseTargets, readObjects } from './targets.ts'

const defaultContainer = 'kubectl.kubernetes.io/default-container'

/**
 * The pods that a command line means: `web-1`, `pod/web-1`, one of `deployment/web`, or all with some labels.
 * @throws CommandFailure where there is none
 */
export async function findPods(
  session: Session,
  word: string | undefined,
  selector?: string,
): Promise<KubeObject[]> {
  const pods = findResource(await session.resources(), 'pods')
  if (selector !== undefined) return listObjects(session, pods, { selector })
  if (word === undefined)
    throw new CommandFailure(
      "expected 'logs [-f] [-p] (POD | TYPE/NAME) [-c CONTAINER]'.\nPOD or TYPE/NAME is a required argument for the logs command",
    )
  const [target] = await parseTargets(session, [word.includes('/') ? word : `pods/${word}`], 'find')
  const [object] = target ? await readObjects(session, target) : []
  if (!object || object.kind === 'Pod') return object ? [object] : []
  const labels =
    valueAt(object, ['spec', 'selector', 'matchLabels']) ??
    valueAt(object, ['spec', 'selector']) ??
    {}
  const found = await listObjects(session, pods, {
    selector: Object.entries(labels)
      .map(([name, value]) => `${name}=${String(value)}`)
      .join(','),
  })
  const chosen = found.find((pod) => textAt(pod, ['status', 'phase']) === 'Running') ?? found[0]
  if (!chosen) throw new CommandFailure(`no pods found for ${word}`)
  return [chosen]
}

/** The container that is named, that the pod's annotation names, or the first one; several are told of. */
export function containerOf(pod: KubeObject, chosen: string | undefined): string {
  if (chosen !== undefined) return chosen
  const annotated = pod.metadata.annotations?.[defaultContainer]
  if (annotated !== undefined) return annotated
  const names = listAt(pod, ['spec', 'containers']).map((each) => textAt(each, ['name']) ?? '')
  const inits = listAt(pod, ['spec', 'initContainers']).map(
    (each) => `${textAt(each, ['name']) ?? ''} (init)`,
  )
  const [first = ''] = names
  if (names.length + inits.length > 1)
    process.stderr.write(
      `Defaulted container "${first}" out of: ${[...names, ...inits].join(', ')}\n`,
    )
  return first
}
