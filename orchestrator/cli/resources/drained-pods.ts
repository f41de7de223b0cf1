import { listAt, textAt } from '../../api/object.ts'
import type { KubeObject } from '../../api/object.ts'
import { StatusError } from '../../api/status-error.ts'
import type { DrainFlags } from '../drain.ts'
import type { Session } from './session.ts'

export interface SortedPods {
  readonly going: readonly KubeObject[]
  readonly warnings: readonly string[]
  /** Why nothing is done. */
  readonly refusals: string[]
}

type Reason = 'daemonset' | 'unmanaged' | 'storage'

// https://kubernetes.io/docs/tasks/administer-cluster/safely-drain-node/
const refusals: Readonly<Record<Reason, string>> = {
  daemonset: 'cannot delete DaemonSet-managed Pods (use --ignore-daemonsets to ignore)',
  storage: 'cannot delete Pods with local storage (use --delete-emptydir-data to override)',
  unmanaged: 'cannot delete Pods that declare no controller (use --force to override)',
}

const warnings: Readonly<Partial<Record<Reason, string>>> = {
  daemonset: 'ignoring DaemonSet-managed Pods',
  unmanaged: 'deleting Pods that declare no controller',
}

/** Which pods of a node go, and which may not. */
export async function sortPods(
  session: Session,
  pods: readonly KubeObject[],
  flags: DrainFlags,
): Promise<SortedPods> {
  const going: KubeObject[] = []
  const told = new Map<string, string[]>()
  const refused = new Map<string, string[]>()
  const note = (notes: Map<string, string[]>, text: string, { metadata }: KubeObject): void => {
    const shown = `${metadata.namespace ?? ''}/${metadata.name ?? ''}`
    notes.set(text, [...(notes.get(text) ?? []), shown])
  }
  for (const pod of pods) {
    if (pod.metadata.annotations?.['kubernetes.io/config.mirror'] !== undefined) continue
    const reasons = await reasonsOf(session, pod)
    const blocking = reasons.filter((reason) => !isAllowed(reason, flags))
    for (const reason of blocking) note(refused, refusals[reason], pod)
    if (blocking.length > 0) continue
    for (const reason of reasons)
      if (warnings[reason] !== undefined) note(told, warnings[reason], pod)
    if (!reasons.includes('daemonset')) going.push(pod)
  }
  const shown = (notes: ReadonlyMap<string, string[]>): string[] =>
    [...notes].map(([text, names]) => `${text}: ${names.join(', ')}`)
  return { going, warnings: shown(told), refusals: shown(refused) }
}

async function reasonsOf(session: Session, pod: KubeObject): Promise<Reason[]> {
  const phase = textAt(pod, ['status', 'phase'])
  const isOver = phase === 'Succeeded' || phase === 'Failed'
  const owner = pod.metadata.ownerReferences?.find(({ controller }) => controller)
  const keepsData = listAt(pod, ['spec', 'volumes']).some((each) => each['emptyDir'] !== undefined)
  if (owner?.kind === 'DaemonSet' && !isOver)
    return (await hasDaemonSet(session, pod, owner.name)) ? ['daemonset'] : ['unmanaged']
  if (isOver) return []
  return [...(keepsData ? (['storage'] as const) : []), ...(owner ? [] : (['unmanaged'] as const))]
}

async function hasDaemonSet(session: Session, pod: KubeObject, name: string): Promise<boolean> {
  try {
    const namespace = pod.metadata.namespace ?? ''
    await session.send({ path: `/apis/apps/v1/namespaces/${namespace}/daemonsets/${name}` })
    return true
  } catch (error) {
    if (error instanceof StatusError && error.status.reason === 'NotFound') return false
    throw error
  }
}

function isAllowed(reason: Reason, flags: DrainFlags): boolean {
  if (reason === 'daemonset') return flags.ignoreDaemonsets === true
  if (reason === 'storage') return flags.deleteEmptydirData === true
  return flags.force === true
}
