import { randomBytes } from '../../native/random.ts'

/** A new container id: 64 lower-case hexadecimal digits, never all decimal in its short form. */
export function newContainerId(): string {
  for (;;) {
    const id = randomBytes(32).toString('hex')
    // A hostname and a short id of digits alone would be taken for a number (docker does the same).
    if (!/^\d{12}/.test(id)) return id
  }
}

/** RFC 3339 in UTC with nanoseconds, as docker writes times. */
export function timestamp(milliseconds = Date.now()): string {
  return new Date(milliseconds).toISOString().replace('Z', '000000Z')
}
