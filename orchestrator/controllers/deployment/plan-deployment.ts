import { isObject, numberAt, valueAt } from '../../api/object.ts'
import type { KubeObject } from '../../api/object.ts'
import { isFinished, isTerminating } from '../objects/pod-facts.ts'
import { statusWrite } from '../writes/write.ts'
import type { Plan, Remark } from '../writes/write.ts'
import { conditionsOf, pauseConditions } from './deployment-conditions.ts'
import {
  activeSets,
  findNewSet,
  isPaused,
  isRolling,
  progressDeadline,
} from './deployment-facts.ts'
import { countedStatus, isRolledOut, rolloutStatus } from './deployment-status.ts'
import { finish, forgetHistory, resize } from './draft.ts'
import type { Draft } from './draft.ts'
import { growNewSet, shrinkOldSets } from './rolling-sizes.ts'
import { isScaled, scaleSizes } from './scale-sizes.ts'
import { changedSizes } from './set-sizes.ts'
import { requireNewSet, takeUpSet } from './take-up-set.ts'
import type { SetSearch } from './take-up-set.ts'

export interface DeploymentView extends SetSearch {
  readonly deployment: KubeObject
  /** Those that it owns. */
  readonly sets: readonly KubeObject[]
  readonly podsOf: (set: KubeObject) => readonly KubeObject[]
}

/** One step of a Deployment towards its template and size. */
export function planDeployment(view: DeploymentView): Plan {
  const { deployment, sets, now } = view
  if (selectsAll(deployment)) return planUnusable(deployment)
  const newSet = findNewSet(deployment, sets)
  const oldSets = sets.filter((set) => set !== newSet)
  const conditions = conditionsOf(deployment)
  const draft: Draft = { original: deployment, deployment, newSet, oldSets, conditions, writes: [] }
  if (isTerminating(deployment)) return finish(draft, countedStatus({ ...draft, now }))
  const checked = checkPause(draft, now)
  if (isPaused(deployment) || isScaled(deployment, sets)) return planScale(checked, now)
  return isRolling(deployment) ? planRolling(checked, view) : planRecreate(checked, view)
}

function selectsAll(deployment: KubeObject): boolean {
  const selector = valueAt(deployment, ['spec', 'selector'])
  return isObject(selector) && Object.keys(selector).length === 0
}

function planUnusable(deployment: KubeObject): Plan {
  const remark: Remark = {
    about: deployment,
    type: 'Warning',
    reason: 'SelectingAll',
    message: 'This deployment is selecting all pods. A non-empty selector is required.',
  }
  const { generation = 0 } = deployment.metadata
  if (numberAt(deployment, ['status', 'observedGeneration']) === generation)
    return { writes: [{ verb: 'remark', remark }] }
  const status = { ...deployment.status, observedGeneration: generation }
  return { writes: [{ verb: 'remark', remark }, statusWrite(deployment, status)] }
}

function checkPause(draft: Draft, now: Date): Draft {
  const { deployment, conditions } = draft
  if (progressDeadline(deployment) === undefined) return draft
  return { ...draft, conditions: pauseConditions(conditions, isPaused(deployment), now) }
}

/** Paused, or its size was changed: the sets keep their shares, and none is made. */
function planScale(before: Draft, now: Date): Plan {
  const draft = before.newSet ? takeUpSet(before, before.newSet, now) : before
  const sized = resize(draft, scaleSizes(draft.deployment, draft.newSet, draft.oldSets))
  const cleaned = isPaused(draft.deployment) ? forgetHistory(sized) : sized
  return finish(cleaned, countedStatus({ ...cleaned, now }))
}

function planRolling(draft: Draft, view: DeploymentView): Plan {
  const ready = requireNewSet(draft, view)
  const { deployment, newSet, oldSets } = ready
  if (!newSet) return planRest(ready, view)
  const grown = growNewSet(deployment, [...oldSets, newSet], newSet)
  if (grown.size > 0) return planRest(resize(ready, grown), view)
  const shrunk = shrinkOldSets(deployment, oldSets, newSet)
  if (shrunk.size > 0) return planRest(resize(ready, shrunk), view)
  return planRest(isRolledOut(deployment) ? forgetHistory(ready) : ready, view)
}

/** All old pods go before the first new one comes. */
function planRecreate(draft: Draft, view: DeploymentView): Plan {
  const known = draft.newSet ? takeUpSet(draft, draft.newSet, view.now) : draft
  const stopped = changedSizes(activeSets(known.oldSets).map((set) => [set, 0]))
  if (stopped.size > 0) return planRest(resize(known, stopped), view)
  const isRunning = (set: KubeObject) => view.podsOf(set).some((pod) => !isFinished(pod))
  if (known.oldSets.some(isRunning)) return planRest(known, view)
  const ready = requireNewSet(known, view)
  const { deployment, newSet, oldSets } = ready
  const grown = newSet ? growNewSet(deployment, [...oldSets, newSet], newSet) : new Map()
  const sized = resize(ready, grown)
  return planRest(isRolledOut(deployment) ? forgetHistory(sized) : sized, view)
}

function planRest(draft: Draft, { now }: DeploymentView): Plan {
  const { status, deadlineInMs } = rolloutStatus({ ...draft, now })
  return { ...finish(draft, status), againInMs: deadlineInMs }
}
