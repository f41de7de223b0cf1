import type { EventText } from '../client/event-recorder.ts'

/** Milliseconds before the same words are said again; then twice as many, and so on. The kubelet's for volumes. */
const firstWait = 500
const longestWait = 122_000

interface Said {
  readonly at: number
  readonly wait: number
}

/** Told each time of all that is so. */
export type TellSparingly = (texts: readonly EventText[]) => void

/**
 * Says what goes on to be so less and less often, and at once what is new.
 *
 * @param now milliseconds of a clock that is not set
 */
export function makeSparingTeller(
  tell: (text: EventText) => void,
  now: () => number = () => performance.now(),
): TellSparingly {
  let known = new Map<string, Said>()
  return (texts) => {
    const next = new Map<string, Said>()
    for (const text of texts) {
      const key = `${text.reason} ${text.message}`
      const said = known.get(key)
      if (said && now() - said.at < said.wait) {
        next.set(key, said)
        continue
      }
      next.set(key, { at: now(), wait: said ? Math.min(longestWait, said.wait * 2) : firstWait })
      tell(text)
    }
    // What is not so any more is new when it comes again.
    known = next
  }
}
