let writes = false

/**
 * From now on let all that this process writes be JSON lines, as its log is: whoever gathers them reads nothing else.
 * What is none becomes the message of one, whichever part wrote it.
 */
export function writeJsonLines(): void {
  if (writes) return
  writes = true
  for (const stream of [process.stdout, process.stderr]) {
    const write = stream.write.bind(stream)
    stream.write = (data: string | Uint8Array, ...rest: never[]) =>
      write(toJsonLines(String(data)), ...rest)
  }
}

/** @see https://kubernetes.io/docs/concepts/cluster-administration/system-logs/#json-log-format */
export function toJsonLines(text: string, now = new Date()): string {
  const lines = text.split('\n').filter((line) => line.trim() !== '')
  if (lines.every((line) => line.startsWith('{') && line.endsWith('}'))) return text
  // One message may have several lines, like where an error comes from.
  return `${JSON.stringify({ ts: now.getTime(), msg: text.trimEnd(), v: 0 })}\n`
}
