import type { Kind } from '../api/kind.ts'
import { listAt, numberAt, textAt } from '../api/object.ts'
import type { JsonObject, KubeObject } from '../api/object.ts'
import { forbidden, StatusError } from '../api/status-error.ts'
import type { Admission } from './admission.ts'

// What a pod gets from its cluster when it is made: its priority, and patience with nodes that fall silent.

const usualPatience = 300
const awaited = ['node.kubernetes.io/not-ready', 'node.kubernetes.io/unreachable']

export interface PriorityClasses {
  get(name: string): Promise<KubeObject>
  list(): Promise<readonly KubeObject[]>
}

/**
 * Is to come after defaults and before quotas.
 * @param patience seconds that a pod stays on a node that has fallen silent, unless it says otherwise; absent: 300
 */
export function makePodAdmission(classes: PriorityClasses, patience = usualPatience): Admission {
  return async ({ operation, kind, object, subresource }) => {
    if (operation !== 'CREATE' || subresource !== undefined || !isPod(kind) || !object.spec) return
    addTolerations(object.spec, patience)
    await setPriority(kind, object, object.spec, classes)
  }
}

function isPod({ group, plural }: Kind): boolean {
  return group === '' && plural === 'pods'
}

function addTolerations(spec: JsonObject, tolerationSeconds: number): void {
  const tolerations = listAt(spec, ['tolerations'])
  const isTolerated = (key: string) =>
    tolerations.some(
      (one) =>
        (!one['key'] || one['key'] === key) && (!one['effect'] || one['effect'] === 'NoExecute'),
    )
  const missing = awaited
    .filter((key) => !isTolerated(key))
    .map((key) => ({
      key,
      operator: 'Exists',
      effect: 'NoExecute',
      tolerationSeconds,
    }))
  if (missing.length > 0) spec['tolerations'] = [...tolerations, ...missing]
}

async function setPriority(
  kind: Kind,
  object: KubeObject,
  spec: JsonObject,
  classes: PriorityClasses,
): Promise<void> {
  const chosen = await findClass(kind, object, textAt(spec, ['priorityClassName']), classes)
  const priority = chosen ? (numberAt(chosen, ['value']) ?? 0) : 0
  const given = numberAt(spec, ['priority'])
  if (given !== undefined && given !== priority)
    throw forbidden(
      kind,
      object.metadata.name ?? '',
      `the integer value of priority (${given}) must not be provided in pod spec; priority admission controller computed ${priority} from the given PriorityClass name`,
    )
  spec['priority'] = priority
  spec['preemptionPolicy'] ??=
    (chosen && textAt(chosen, ['preemptionPolicy'])) ?? 'PreemptLowerPriority'
  if (chosen?.metadata.name) spec['priorityClassName'] = chosen.metadata.name
}

/** @returns the class that is named, or else the one for everybody, if there is one */
async function findClass(
  kind: Kind,
  object: KubeObject,
  name: string | undefined,
  classes: PriorityClasses,
): Promise<KubeObject | undefined> {
  if (!name) {
    const all = (await classes.list()).filter((one) => one['globalDefault'] === true)
    return all.toSorted((a, b) => (numberAt(a, ['value']) ?? 0) - (numberAt(b, ['value']) ?? 0))[0]
  }
  try {
    return await classes.get(name)
  } catch (error) {
    if (!(error instanceof StatusError) || error.status.code !== 404) throw error
    throw forbidden(
      kind,
      object.metadata.name ?? '',
      `no PriorityClass with name ${name} was found`,
    )
  }
}
