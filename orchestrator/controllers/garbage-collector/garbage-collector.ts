import type { KubeObject } from '../../api/object.ts'
import { makeWorkQueue } from '../../client/work-queue.ts'
import type { StartController } from '../controller.ts'
import { isTerminating } from '../objects/pod-facts.ts'
import { isStatus } from '../writes/run-writes.ts'
import { carryOut, readLive } from './carry-out.ts'
import { groupKind } from './collectable-kinds.ts'
import { awaitsDependents, decideByOwners, decideLeaving } from './decide.ts'
import type { Decision } from './decide.ts'
import { findOwners } from './find-owners.ts'
import { concernsCollection, followKinds } from './follow-kinds.ts'
import { makeOwnershipGraph, ownersOf } from './ownership-graph.ts'

const part = 'garbage-collector-controller'
const definitionKind = { apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition' }

/** Objects go with the last of their owners, and owners that wait for their dependents when those are gone. */
export const startGarbageCollector: StartController = (context) => {
  const { client, record, onProblem } = context
  const graph = makeOwnershipGraph()
  const say = context.recorder(part)
  const first = Promise.withResolvers<void>()
  const counts = context.counts.add(part, () => queue.depth)

  function onChange(object: KubeObject, isThere: boolean, previous: KubeObject | undefined): void {
    const { uid = '' } = object.metadata
    if (isThere && !concernsCollection(object, previous)) return graph.put(object)
    if (isThere) graph.put(object)
    else graph.remove(object)
    if (!isThere) for (const { metadata } of graph.dependentsOf(uid)) queue.add(metadata.uid ?? '')
    else if (ownersOf(object).length > 0 || isTerminating(object)) queue.add(uid)
    for (const owner of [...ownersOf(object), ...ownersOf(previous)]) {
      const known = graph.get(owner.uid)
      if (known && awaitsDependents(known)) queue.add(owner.uid)
    }
  }

  async function decide(object: KubeObject): Promise<Decision> {
    const { uid = '' } = object.metadata
    const dependents = graph.dependentsOf(uid)
    const leaving = decideLeaving(object, dependents)
    if (leaving) return leaving
    const states = await findOwners(
      {
        client,
        graph,
        kindOf: (owner) => kinds.get(groupKind(owner)),
        onMisplaced: (about, message) =>
          say(about, { type: 'Warning', reason: 'OwnerRefInvalidNamespace', message }),
      },
      object,
    )
    return decideByOwners(object, states, dependents.length > 0)
  }

  async function collect(uid: string): Promise<void> {
    const known = graph.get(uid)
    if (!known) return
    const startedAt = performance.timeOrigin + performance.now()
    const object = await readLive(client, known)
    if (!object) return
    const decision = await decide(object)
    if (!(await carryOut({ client, graph, add: (one) => queue.add(one) }, object, decision))) return
    const { apiVersion, kind, metadata } = object
    const about = {
      apiVersion,
      kind,
      name: metadata.name ?? '',
      namespace: metadata.namespace,
      uid,
    }
    const milliseconds = performance.timeOrigin + performance.now() - startedAt
    const detail = { decision: decision.verb }
    record({ part, action: 'reconcile', object: about, startedAt, milliseconds, detail })
  }

  async function work(uid: string): Promise<void> {
    // Before all kinds are known, an owner might only not be known yet.
    await first.promise
    const startedAt = performance.now()
    try {
      await collect(uid)
    } finally {
      counts.reconciles++
      counts.milliseconds += performance.now() - startedAt
    }
  }

  const queue = makeWorkQueue({
    work,
    workers: 20,
    onProblem: (key, error) => {
      counts.failures++
      if (!isStatus(error, 404, 409)) onProblem(`${part} ${key}`, error)
    },
  })
  const kinds = followKinds(context, onChange)
  const refreshes = makeWorkQueue({
    work: async () => {
      await kinds.refresh()
      first.resolve()
    },
    firstWait: 200,
    onProblem: (_key, error) => onProblem(`${part}: list the kinds`, error),
  })
  refreshes.add('all')
  context.informers.of(definitionKind).onChange(() => refreshes.add('all'))
  return {
    stop: async () => {
      kinds.stop()
      first.resolve()
      await Promise.all([refreshes.stop(), queue.stop()])
    },
  }
}
