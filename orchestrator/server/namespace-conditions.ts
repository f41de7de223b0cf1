import { listAt, sameJson } from '../api/object.ts'
import type { JsonObject, KubeObject } from '../api/object.ts'
import { formatTime } from '../api/write/prepare-write.ts'

/** What is still in a namespace that goes. */
export interface NamespaceContent {
  /** `pods.`, `deployments.apps` → how many. */
  readonly remaining: ReadonlyMap<string, number>
  /** Finalizer → how many objects it holds. */
  readonly finalizers: ReadonlyMap<string, number>
}

/** The status of a namespace that goes, saying what it waits for; the same object where that is no news. */
export function tellContent(
  namespace: KubeObject,
  { remaining, finalizers }: NamespaceContent,
  now: Date,
): KubeObject {
  const current = listAt(namespace, ['status', 'conditions'])
  const wanted = conditionsFor(remaining, finalizers)
  const conditions = wanted.map((condition) => {
    const before = current.find(({ type }) => type === condition.type)
    const since = before?.['status'] === condition.status ? before['lastTransitionTime'] : undefined
    return { ...condition, lastTransitionTime: since ?? formatTime(now) }
  })
  const others = current.filter(({ type }) => !wanted.some((one) => one.type === type))
  const all: JsonObject[] = [...others, ...conditions]
  if (sameJson(all, current)) return namespace
  return { ...namespace, status: { ...namespace.status, conditions: all } }
}

function conditionsFor(
  remaining: NamespaceContent['remaining'],
  finalizers: NamespaceContent['finalizers'],
) {
  const instances = (entries: NamespaceContent['remaining'], verb: string): string =>
    [...entries].map(([name, count]) => `${name} ${verb} ${count} resource instances`).join(', ')
  const say = (type: string, status: string, reason: string, message: string) => ({
    type,
    status,
    reason,
    message,
  })
  return [
    say(
      'NamespaceDeletionDiscoveryFailure',
      'False',
      'ResourcesDiscovered',
      'All resources successfully discovered',
    ),
    say(
      'NamespaceDeletionGroupVersionParsingFailure',
      'False',
      'ParsedGroupVersions',
      'All legacy kube types successfully parsed',
    ),
    say(
      'NamespaceDeletionContentFailure',
      'False',
      'ContentDeleted',
      'All content successfully deleted, may be waiting on finalization',
    ),
    remaining.size > 0
      ? say(
          'NamespaceContentRemaining',
          'True',
          'SomeResourcesRemain',
          `Some resources are remaining: ${instances(remaining, 'has')}`,
        )
      : say(
          'NamespaceContentRemaining',
          'False',
          'ContentRemoved',
          'All content successfully removed',
        ),
    finalizers.size > 0
      ? say(
          'NamespaceFinalizersRemaining',
          'True',
          'SomeFinalizersRemain',
          `Some content in the namespace has finalizers remaining: ${instances(finalizers, 'in')}`,
        )
      : say(
          'NamespaceFinalizersRemaining',
          'False',
          'ContentHasNoFinalizers',
          'All content-preserving finalizers finished',
        ),
  ]
}
