import type { LogEntry } from '../../cli/engine.ts'

export type StoredLogFormat = 'json-file' | 'k8s-file'

/**
 * One stored line, without its newline, as an entry; undefined for a line that is not one (the
 * machine went down in the middle of it).
 *
 * Formats: docker's json-file `{"log","stream","time"}`; the CRI's `TIME STREAM P|F TEXT`.
 */
export function parseLogLine(line: Buffer, format: StoredLogFormat): LogEntry | undefined {
  return format === 'json-file' ? parseJsonLine(line) : parseCriLine(line)
}

function parseJsonLine(line: Buffer): LogEntry | undefined {
  let value: unknown
  try {
    value = JSON.parse(line.toString('utf8'))
  } catch {
    return undefined
  }
  if (typeof value !== 'object' || value === null) return undefined
  const { log, stream, time, attrs } = value as Record<string, unknown>
  if (typeof log !== 'string' || typeof time !== 'string') return undefined
  const entry = { stream: streamName(stream), time, data: Buffer.from(log) }
  return typeof attrs === 'object' && attrs !== null
    ? { ...entry, attributes: attrs as Record<string, string> }
    : entry
}

function parseCriLine(line: Buffer): LogEntry | undefined {
  const timeEnd = line.indexOf(0x20)
  const streamEnd = line.indexOf(0x20, timeEnd + 1)
  const tagEnd = line.indexOf(0x20, streamEnd + 1)
  if (timeEnd < 0 || streamEnd < 0 || tagEnd < 0) return undefined
  const isPartial = line.toString('latin1', streamEnd + 1, tagEnd).startsWith('P')
  const text = line.subarray(tagEnd + 1)
  return {
    stream: streamName(line.toString('latin1', timeEnd + 1, streamEnd)),
    time: line.toString('latin1', 0, timeEnd),
    data: isPartial ? Buffer.from(text) : Buffer.concat([text, Buffer.from('\n')]),
  }
}

function streamName(value: unknown): 'stdout' | 'stderr' {
  return value === 'stderr' ? 'stderr' : 'stdout'
}
