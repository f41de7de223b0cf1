import { isObject, listAt, textAt, valueAt } from '../../api/object.ts'
import type { KubeObject } from '../../api/object.ts'
import { selectorQuery } from './describe/related.ts'
import { findResource } from './discover.ts'
import { CommandFailure } from './session.ts'
import type { Session } from './session.ts'
import { listObjects, parseTargets, readObjects } from './targets.ts'

const defaultContainer = 'kubectl.kubernetes.io/default-container'

/**
 * The pods that a command line means: `web-1`, `pod/web-1`, one of `deployment/web`, or all with some labels.
 * @param doing for the message where an object has no pods: `get the logs from`
 * @throws CommandFailure where there is none
 */
export async function findPods(
  session: Session,
  word: string,
  { selector, doing }: { readonly selector?: string | undefined; readonly doing: string },
): Promise<KubeObject[]> {
  const pods = findResource(await session.resources(), 'pods')
  if (selector !== undefined) return listObjects(session, pods, { selector })
  const [target] = await parseTargets(session, [word.includes('/') ? word : `pods/${word}`], 'find')
  const [object] = target ? await readObjects(session, target) : []
  if (!object || object.kind === 'Pod') return object ? [object] : []
  const labels =
    valueAt(object, ['spec', 'selector', 'matchLabels']) ?? valueAt(object, ['spec', 'selector'])
  if (!isObject(labels))
    throw new CommandFailure(
      `cannot ${doing} *${object.apiVersion}.${object.kind}: selector for *${object.apiVersion}.${object.kind} not implemented`,
    )
  const found = await listObjects(session, pods, { selector: selectorQuery(labels) })
  const [chosen] = found.toSorted(byReadiness)
  if (!chosen) throw new CommandFailure('timed out waiting for the condition')
  if (found.length > 1 && doing.includes('logs'))
    process.stderr.write(`Found ${found.length} pods, using pod/${chosen.metadata.name ?? ''}\n`)
  return [chosen]
}

/** As kubectl chooses: those that are ready first, the longest before the others, then the oldest. */
function byReadiness(a: KubeObject, b: KubeObject): number {
  const rank = (pod: KubeObject): number =>
    textAt(pod, ['status', 'phase']) !== 'Running' ? 2 : isReady(pod) ? 0 : 1
  if (rank(a) !== rank(b)) return rank(a) - rank(b)
  return compareTimes(readySince(a), readySince(b)) || compareTimes(createdAt(a), createdAt(b))
}

const createdAt = (pod: KubeObject): string => pod.metadata.creationTimestamp ?? ''

function compareTimes(a: string, b: string): number {
  return a === b ? 0 : a < b ? -1 : 1
}

function readySince(pod: KubeObject): string {
  const ready = listAt(pod, ['status', 'conditions']).find(({ type }) => type === 'Ready')
  return textAt(ready, ['lastTransitionTime']) ?? ''
}

function isReady(pod: KubeObject): boolean {
  return listAt(pod, ['status', 'conditions']).some(
    ({ type, status }) => type === 'Ready' && status === 'True',
  )
}

/** All containers, in the order in which they are started. */
export function containersOf(pod: KubeObject): string[] {
  return ['initContainers', 'containers', 'ephemeralContainers']
    .flatMap((field) => listAt(pod, ['spec', field]))
    .map((each) => textAt(each, ['name']) ?? '')
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
