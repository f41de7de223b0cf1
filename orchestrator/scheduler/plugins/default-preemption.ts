import { rejectFinally } from '../framework.ts'
import type { FailedSearch, Plugin, PostFilterResult, Rejection } from '../framework.ts'
import { describeRejections } from '../fit-error.ts'
import { chooseCandidate } from '../preemption/choose-candidate.ts'
import { selectVictims } from '../preemption/select-victims.ts'
import type { Candidate } from '../preemption/select-victims.ts'
import { findNode } from '../snapshot.ts'

/** At least this many nodes, and this share of them, are tried before the best is taken. */
const leastCandidates = 100
const leastShare = 0.1

/** Makes room for a pod by ending pods of lower priority. */
export const defaultPreemption: Plugin = {
  name: 'DefaultPreemption',
  postFilter: (search) => {
    const result = preempt(search)
    return 'message' in result ? { ...result, message: `preemption: ${result.message}` } : result
  },
}

function preempt(search: FailedSearch): PostFilterResult {
  const { pod, snapshot, random } = search
  const why = whyNotEligible(search)
  if (why !== undefined) return { message: why, clears: false }
  const { candidates, rejections } = findCandidates(search)
  if (candidates.length > 0) return { preemption: chooseCandidate(candidates, random) }
  const unhelpful = rejectFinally('Preemption is not helpful for scheduling')
  const all = snapshot.nodes.map(({ name }) => rejections.get(name) ?? unhelpful)
  return { message: describeRejections(all), clears: pod.nominatedNodeName !== '' }
}

function whyNotEligible({ pod, snapshot, rejections }: FailedSearch): string | undefined {
  if (pod.object.spec?.['preemptionPolicy'] === 'Never')
    return 'not eligible due to preemptionPolicy=Never.'
  const nominated = findNode(snapshot, pod.nominatedNodeName)
  if (!nominated) return undefined
  // A node that no leaving pod can open is given up.
  if (rejections[snapshot.byName.get(nominated.name)!]?.rejection.isFinal) return undefined
  const isWaiting = nominated.pods.some(
    (other) => other.isTerminating && other.priority < pod.priority,
  )
  return isWaiting ? 'not eligible due to a terminating pod on the nominated node.' : undefined
}

function findCandidates(search: FailedSearch): {
  candidates: Candidate[]
  rejections: Map<string, Rejection>
} {
  const { snapshot, random } = search
  const promising = snapshot.nodes.filter((_, index) => {
    const rejected = search.rejections[index]
    return rejected !== undefined && !rejected.rejection.isFinal
  })
  const wanted = Math.max(leastCandidates, Math.floor(promising.length * leastShare))
  const offset = Math.floor(random() * promising.length)
  const candidates: Candidate[] = []
  const rejections = new Map<string, Rejection>()
  for (let index = 0; index < promising.length && candidates.length < wanted; index++) {
    const node = promising[(offset + index) % promising.length]!
    const result = selectVictims(search, node)
    if ('victims' in result) candidates.push(result)
    else rejections.set(node.name, result)
  }
  return { candidates, rejections }
}
