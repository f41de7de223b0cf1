/**
 * A count that may be a share, like `3` or `25%`.
 * @param of what the share is of @param absent what is meant by no value
 */
export function resolveAmount(
  amount: unknown,
  of: number,
  round: 'up' | 'down',
  absent: number,
): number {
  if (typeof amount === 'number') return amount
  if (typeof amount !== 'string') return absent
  const share = /^(\d+)%$/.exec(amount)?.[1]
  if (share === undefined) return Number.parseInt(amount, 10) || absent
  const exact = (Number(share) * of) / 100
  return round === 'up' ? Math.ceil(exact) : Math.floor(exact)
}
