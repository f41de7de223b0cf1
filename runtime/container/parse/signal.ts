import { invalidValue } from './invalid-value.ts'

/** signal(7), numbers of x86 and ARM; the index is the number less one. */
const names =
  'HUP INT QUIT ILL TRAP ABRT BUS FPE KILL USR1 SEGV USR2 PIPE ALRM TERM STKFLT CHLD CONT STOP TSTP TTIN TTOU URG XCPU XFSZ VTALRM PROF WINCH IO PWR SYS'.split(
    ' ',
  )
const aliases: Readonly<Record<string, number>> = { IOT: 6, CLD: 17, POLL: 29, UNUSED: 31 }

/** As the C library numbers them: 32 and 33 are its own. */
const realTimeMinimum = 34
const realTimeMaximum = 64

/**
 * Read a signal: `SIGTERM`, `term`, `15`, `RTMIN+3`, `SIGRTMAX-1`.
 * @returns its number, 1 to 64
 * @throws {OperationError} INVALID_ARGUMENT
 */
export function parseSignal(text: string): number {
  const number = /^\d{1,2}$/.test(text) ? Number(text) : signalByName(text)
  if (number >= 1 && number <= realTimeMaximum) return number
  throw invalidValue('signal', text, 'Write a name such as TERM or a number from 1 to 64')
}

function signalByName(text: string): number {
  const name = text.toUpperCase().replace(/^SIG/, '')
  const realTime = /^RT(MIN|MAX)(?:([-+])(\d{1,2}))?$/.exec(name)
  if (!realTime)
    return names.indexOf(name) + 1 || (Object.hasOwn(aliases, name) ? (aliases[name] ?? 0) : 0)
  const [, base, sign, offset = '0'] = realTime
  const start = base === 'MIN' ? realTimeMinimum : realTimeMaximum
  const value = sign === '-' ? start - Number(offset) : start + Number(offset)
  return value >= realTimeMinimum ? value : 0
}

/** `SIGTERM` for 15, `SIGRTMIN+1` for 35. */
export function signalName(number: number): string {
  const name = names[number - 1]
  if (name !== undefined) return `SIG${name}`
  return number === realTimeMinimum ? 'SIGRTMIN' : `SIGRTMIN+${number - realTimeMinimum}`
}
