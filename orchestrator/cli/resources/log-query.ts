import { readGoDuration } from './go-duration.ts'
import { CommandFailure } from './session.ts'

interface Flags {
  readonly follow?: boolean
  readonly previous?: boolean
  readonly tail?: string
  readonly since?: string
  readonly sinceTime?: string
  readonly limitBytes?: string
  readonly timestamps?: boolean
  readonly selector?: string
}

/** Lines of each pod where several are selected. */
const usualTailOfMany = '10'

/** What the server is asked for; all but the container. @throws CommandFailure */
export function logQuery(flags: Flags): Record<string, string> {
  const tail = flags.tail ?? (flags.selector === undefined ? '-1' : usualTailOfMany)
  const lines = integer('tail', tail)
  if (lines < -1) throw new CommandFailure('--tail must be greater than or equal to -1')
  if (flags.since !== undefined && flags.sinceTime !== undefined)
    throw new CommandFailure('at most one of `sinceTime` or `sinceSeconds` may be specified')
  const since = flags.since === undefined ? 0 : readGoDuration('since', flags.since, 'logs')
  const limit = flags.limitBytes === undefined ? 0 : integer('limit-bytes', flags.limitBytes)
  return {
    ...(flags.follow ? { follow: 'true' } : {}),
    ...(flags.previous ? { previous: 'true' } : {}),
    ...(flags.timestamps ? { timestamps: 'true' } : {}),
    ...(lines === -1 ? {} : { tailLines: String(lines) }),
    ...(since === 0 ? {} : { sinceSeconds: String(Math.ceil(since / 1000)) }),
    ...(flags.sinceTime === undefined ? {} : { sinceTime: flags.sinceTime }),
    ...(limit === 0 ? {} : { limitBytes: String(limit) }),
  }
}

function integer(flag: string, text: string): number {
  if (/^-?\d+$/.test(text)) return Number(text)
  throw new CommandFailure(
    `invalid argument "${text}" for "--${flag}" flag: strconv.ParseInt: parsing "${text}": invalid syntax\nSee 'myorch logs --help' for usage.`,
  )
}
