import { formatDuration } from '../dockerfile/duration.ts'
import type { HealthcheckConfig } from './image-document.ts'

// The history of an image is written by Go programs elsewhere, in Go's notation; so is ours.

/** %q of a list of strings: ["a" "b"]. */
export function formatGoStrings(words: readonly string[]): string {
  return `[${words.map(formatGoString).join(' ')}]`
}

function formatGoString(text: string): string {
  // JSON escapes the same characters but for these.
  return JSON.stringify(text)
    .replaceAll(/\\u00([01][0-9a-f]|7f)/g, String.raw`\x$1`)
    .replaceAll('\u007F', String.raw`\x7f`)
}

/** %q of docker's structure for a health check. */
export function formatHealthcheck(check: HealthcheckConfig): string {
  const times = [check.Interval, check.Timeout, check.StartPeriod, check.StartInterval]
  const fields = times.map((time) => `"${formatDuration(time ?? 0)}"`).join(' ')
  const retries = check.Retries ?? 0
  const rune =
    retries < 32 ? `\\x${retries.toString(16).padStart(2, '0')}` : String.fromCodePoint(retries)
  return `&{${formatGoStrings(check.Test)} ${fields} '${rune}'}`
}
