import type { PodInfo } from '../pod-info.ts'
import type { Candidate } from './select-victims.ts'

/** What is compared, the first that differs decides; the least is best. */
const measures: readonly ((candidate: Candidate) => number)[] = [
  ({ violations }) => violations,
  ({ victims }) => victims[0]?.priority ?? Number.NEGATIVE_INFINITY,
  // An offset, so that few victims of a negative priority do not count for less than many.
  ({ victims }) => victims.reduce((sum, { priority }) => sum + priority + 2 ** 31, 0),
  ({ victims }) => victims.length,
  // Who started last loses least.
  ({ victims }) => -earliestStart(victims),
]

/** The node whose victims are the smallest loss; among equals any. @param candidates at least one */
export function chooseCandidate(candidates: readonly Candidate[], random: () => number): Candidate {
  let best = [...candidates]
  for (const measure of measures) {
    const least = Math.min(...best.map(measure))
    best = best.filter((candidate) => measure(candidate) === least)
    if (best.length === 1) break
  }
  return best[Math.floor(random() * best.length)]!
}

function earliestStart(victims: readonly PodInfo[]): number {
  const top = victims[0]?.priority
  return Math.min(...victims.filter(({ priority }) => priority === top).map(({ since }) => since))
}
