import { OperationError } from '../../native/error.ts'
import { textAt, valueAt } from '../api/object.ts'
import type { KubeObject } from '../api/object.ts'
import type { Client, KindName } from '../client/client.ts'
import { diagnosePod } from './diagnose-pod.ts'

/**
 * The pod to explain for something that selects pods: one that something holds up, else the first.
 *
 * @returns its name
 * @throws {OperationError} `UNSUPPORTED` for kinds without pods, `NOT_FOUND` where there is none
 * @throws {StatusError} where there is no such object
 */
export async function choosePod(
  client: Client,
  kind: KindName,
  of: { readonly namespace: string; readonly name: string },
): Promise<string> {
  const object = await client.get(kind, of)
  const labelSelector = selectorOf(object)
  if (labelSelector === undefined)
    throw new OperationError(
      'UNSUPPORTED',
      'explain an object',
      { kind: kind.kind, name: of.name },
      { exitCode: 1, hint: 'Give a pod, or something that has pods, like deployment/web' },
    )
  const selection = { namespace: of.namespace, labelSelector }
  const { items } = await client.list({ apiVersion: 'v1', kind: 'Pod' }, selection)
  const chosen = items.find((pod) => diagnosePod(pod).length > 0) ?? items[0]
  if (chosen) return chosen.metadata.name ?? ''
  throw new OperationError(
    'NOT_FOUND',
    'find a pod to explain',
    { kind: kind.kind, name: of.name, selector: labelSelector },
    { exitCode: 1, hint: `See "kubectl describe ${kind.kind.toLowerCase()} ${of.name}"` },
  )
}

function selectorOf(object: KubeObject): string | undefined {
  const labels =
    valueAt(object, ['spec', 'selector', 'matchLabels']) ?? valueAt(object, ['spec', 'selector'])
  if (labels === null || typeof labels !== 'object' || Array.isArray(labels)) return undefined
  const pairs = Object.keys(labels).map((key) => `${key}=${textAt(labels, [key]) ?? ''}`)
  return pairs.length === 0 ? undefined : pairs.join(',')
}
