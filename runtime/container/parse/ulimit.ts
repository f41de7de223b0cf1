import type { Ulimit } from '../options.ts'
import { parseInteger } from './integer.ts'
import { invalidValue } from './invalid-value.ts'

/** setrlimit(2), without `RLIMIT_`. */
const names =
  'as core cpu data fsize locks memlock msgqueue nice nofile nproc rss rtprio rttime sigpending stack'.split(
    ' ',
  )

/**
 * Read `NAME=SOFT[:HARD]`; -1 or `unlimited` lifts a limit.
 * @throws {OperationError} INVALID_ARGUMENT
 */
export function parseUlimit(text: string): Ulimit {
  const hint = 'Write NAME=SOFT[:HARD], such as nofile=1024:2048'
  const match = /^([a-z]+)=([^:]+)(?::([^:]+))?$/.exec(text)
  if (!match) throw invalidValue('ulimit', text, hint)
  const [, name = '', softText = '', hardText = softText] = match
  if (!names.includes(name))
    throw invalidValue('ulimit', text, `The limits are ${names.join(', ')}`)
  const soft = limit(softText)
  const hard = limit(hardText)
  if (hard !== -1 && (soft === -1 || soft > hard))
    throw invalidValue('ulimit', text, 'The soft limit must not be above the hard one')
  return { name, soft, hard }
}

function limit(text: string): number {
  return text === 'unlimited' ? -1 : parseInteger('ulimit', text, -1, Number.MAX_SAFE_INTEGER)
}
