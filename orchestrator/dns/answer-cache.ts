import packets from 'dns-packet'
import type { Packet } from 'dns-packet'

/** Answers of other servers, for as long as they and we let them be used again. */
export interface AnswerCache {
  /** What is known, under the id of this question; else what `ask` brings, once for all who ask meanwhile. */
  answer(query: Packet, ask: () => Promise<Uint8Array | undefined>): Promise<Uint8Array | undefined>
}

interface Entry {
  readonly bytes: Uint8Array
  readonly until: number
}

/** Seconds. */
const longest = 30
const afterFailure = 5
const mostEntries = 10_000
const SERVFAIL = 2

/** @param now milliseconds; not of the clock of the day, which may be set back */
export function makeAnswerCache(now: () => number = () => performance.now()): AnswerCache {
  const entries = new Map<string, Entry>()
  const pending = new Map<string, Promise<Uint8Array | undefined>>()
  const remember = (key: string, bytes: Uint8Array): void => {
    const seconds = secondsToKeep(bytes)
    if (seconds <= 0) return
    entries.delete(key)
    entries.set(key, { bytes, until: now() + seconds * 1000 })
    const [oldest] = entries.keys()
    if (entries.size > mostEntries && oldest !== undefined) entries.delete(oldest)
  }
  return {
    answer: async (query, ask) => {
      const key = keyOf(query)
      const known = entries.get(key)
      if (known && known.until > now()) return withId(known.bytes, query.id ?? 0)
      entries.delete(key)
      const asked = pending.get(key) ?? ask()
      pending.set(key, asked)
      try {
        const bytes = await asked
        if (bytes) remember(key, bytes)
        return bytes && withId(bytes, query.id ?? 0)
      } finally {
        pending.delete(key)
      }
    },
  }
}

/** Everything of a question that may change its answer. */
function keyOf({ questions = [], flags = 0, additionals = [] }: Packet): string {
  const [question] = questions
  const isSecure = additionals.some((one) => one.type === 'OPT' && one.flag_do)
  const bits = flags & (packets.RECURSION_DESIRED | packets.CHECKING_DISABLED)
  return `${question?.name.toLowerCase()} ${question?.type} ${question?.class} ${isSecure} ${bits}`
}

function withId(bytes: Uint8Array, id: number): Uint8Array {
  // Not slice(): a Buffer's would be the same memory, and every answer would have the last question's id.
  const copy = new Uint8Array(bytes)
  copy[0] = id >> 8
  copy[1] = id & 255
  return copy
}

/** RFC 2308: that something is not there is remembered by the SOA which says so. */
function secondsToKeep(bytes: Uint8Array): number {
  const answer = decodeOrNothing(bytes)
  if (!answer || answer.flag_tc) return 0
  const code = (answer.flags ?? 0) & 15
  if (code === SERVFAIL) return afterFailure
  const negative = (answer.authorities ?? []).flatMap((one) =>
    one.type === 'SOA' ? [Math.min(one.ttl ?? 0, one.data.minimum ?? 0)] : [],
  )
  const times = (answer.answers ?? []).flatMap((one) => ('ttl' in one ? [one.ttl ?? 0] : []))
  const all = times.length > 0 ? times : negative
  return all.length > 0 ? Math.min(longest, ...all) : 0
}

function decodeOrNothing(bytes: Uint8Array): ReturnType<typeof packets.decode> | undefined {
  try {
    return packets.decode(Buffer.from(bytes))
  } catch {
    return undefined
  }
}
