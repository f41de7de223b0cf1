/** Seconds as Go writes a duration: 1s, 5m0s, 1h0m0s. */
export function formatSeconds(seconds: number): string {
  const left = Math.abs(seconds)
  const hours = Math.floor(left / 3600)
  const minutes = Math.floor((left % 3600) / 60)
  const sign = seconds < 0 ? '-' : ''
  if (hours > 0) return `${sign}${hours}h${minutes}m${left % 60}s`
  return minutes > 0 ? `${sign}${minutes}m${left % 60}s` : `${sign}${left}s`
}
