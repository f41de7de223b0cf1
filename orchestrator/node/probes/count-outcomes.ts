/** How often a probe has to say the same before it counts. */
export interface Thresholds {
  readonly success: number
  readonly failure: number
}

export interface OutcomeCounter {
  /** @returns what counts now that this was seen too; undefined: nothing new yet */
  add(isGood: boolean): boolean | undefined
  reset(): void
}

/** Runs of equal outcomes, as the kubelet counts them. */
export function countOutcomes({ success, failure }: Thresholds): OutcomeCounter {
  let last: boolean | undefined
  let run = 0
  return {
    add(isGood) {
      run = last === isGood ? run + 1 : 1
      last = isGood
      return run < (isGood ? success : failure) ? undefined : isGood
    },
    reset() {
      last = undefined
      run = 0
    },
  }
}
