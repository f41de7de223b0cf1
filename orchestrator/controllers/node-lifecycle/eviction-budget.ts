// How many nodes of a zone may be emptied now: as many at once as a second allows, but one at least; then one each 1/rate
// seconds.

export interface EvictionBudget {
  /** Take one if there is one. @param now milliseconds of the hearing clock */
  take(zone: string, perSecond: number, now: number): boolean
}

export function makeEvictionBudget(): EvictionBudget {
  const accounts = new Map<string, { amount: number; at: number }>()
  return {
    take: (zone, perSecond, now) => {
      const most = Math.max(1, perSecond)
      const account = accounts.get(zone) ?? { amount: most, at: now }
      accounts.set(zone, account)
      account.amount = Math.min(most, account.amount + ((now - account.at) / 1000) * perSecond)
      account.at = now
      if (perSecond === 0 || account.amount < 1) return false
      account.amount--
      return true
    },
  }
}
