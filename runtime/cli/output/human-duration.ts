/**
 * A length of time in words, as docker rounds it: "Less than a second", "About a minute",
 * "47 hours", "2 weeks".
 * @param milliseconds negative counts as zero
 */
export function humanDuration(milliseconds: number): string {
  const seconds = Math.floor(Math.max(0, milliseconds) / 1000)
  const minutes = Math.floor(seconds / 60)
  const hours = Math.round(seconds / 3600)
  if (seconds < 1) return 'Less than a second'
  if (seconds === 1) return '1 second'
  if (seconds < 60) return `${seconds} seconds`
  if (minutes === 1) return 'About a minute'
  if (minutes < 60) return `${minutes} minutes`
  if (hours === 1) return 'About an hour'
  if (hours < 48) return `${hours} hours`
  const wholeHours = Math.floor(seconds / 3600)
  if (hours < 24 * 7 * 2) return `${Math.floor(wholeHours / 24)} days`
  if (hours < 24 * 30 * 2) return `${Math.floor(wholeHours / 24 / 7)} weeks`
  if (hours < 24 * 365 * 2) return `${Math.floor(wholeHours / 24 / 30)} months`
  return `${Math.floor(wholeHours / 24 / 365)} years`
}

/** "2 minutes ago" for an RFC 3339 time. */
export function humanAgo(time: string, nowMs: number): string {
  return `${humanDuration(nowMs - Date.parse(time))} ago`
}
