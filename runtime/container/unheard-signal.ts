import { readFileSync } from 'node:fs'
import { signalName } from './parse/signal.ts'

/**
 * Why a container still runs after its stop signal, in one sentence with what helps against it.
 *
 * @param pid its first process, which must still live
 * @param seconds how long it was waited for
 */
export function explainUnheardSignal(
  name: string,
  pid: number,
  signal: number,
  seconds: number,
): string {
  const said = signalName(signal)
  const end = `the container ${name} is killed: ${seconds} s after ${said} it still ran`
  // The kernel keeps signals without a handler away from the first process of a pid namespace.
  return catches(pid, signal)
    ? `${end}; it handles the signal, so it may need more time (stop -t)`
    : `${end}, because its first process does not handle ${said}; run it with --init, or set --stop-signal to one that it handles`
}

/** Field SigCgt of /proc/PID/status, proc(5): a mask in hexadecimal, bit 0 for signal 1. */
function catches(pid: number, signal: number): boolean {
  try {
    const mask = /^SigCgt:\s*([0-9a-f]+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1]
    return mask === undefined || ((BigInt(`0x${mask}`) >> BigInt(signal - 1)) & 1n) === 1n
  } catch {
    return true // It ended this very moment.
  }
}
