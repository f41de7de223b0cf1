import { shimPath } from '../../native/paths.ts'
import type { AttachPlan } from './attach-plan.ts'

// The shim's `attach` mode, native/shim/attach.c.

const optionBits = { stdin: 1, stdout: 2, stderr: 4, tty: 8, sigProxy: 16 } as const

const defaultDetachKeys = '\u0010\u0011' // ctrl-p ctrl-q

function detachKeys({ detachKeys: keys }: AttachPlan): string {
  return keys === undefined ? defaultDetachKeys : Buffer.from(keys).toString('latin1')
}

/** Command line of the attach client, its own name first. */
export function attachCommand(plan: AttachPlan): string[] {
  return [
    shimPath,
    'attach',
    plan.stateFolder,
    ...(plan.stdin ? ['--stdin'] : []),
    ...(plan.stdout ? ['--stdout'] : []),
    ...(plan.stderr ? ['--stderr'] : []),
    ...(plan.tty ? ['--tty'] : []),
    ...(plan.sigProxy ? ['--sig-proxy'] : []),
    '--detach-keys',
    detachKeys(plan),
  ]
}

/** The same for a client of the resident engine: u32 options, folder, keys, both NUL-terminated. */
export function encodeAttach(plan: AttachPlan): Buffer {
  let options = 0
  if (plan.stdin) options |= optionBits.stdin
  if (plan.stdout) options |= optionBits.stdout
  if (plan.stderr) options |= optionBits.stderr
  if (plan.tty) options |= optionBits.tty
  if (plan.sigProxy) options |= optionBits.sigProxy
  const word = Buffer.alloc(4)
  word.writeUInt32LE(options)
  const folder = Buffer.from(`${plan.stateFolder}\0`)
  return Buffer.concat([word, folder, Buffer.from(`${detachKeys(plan)}\0`, 'latin1')])
}

/**
 * Turn this process into the attach client, for good: no Node stays behind, and its exit code is
 * the container's.
 */
export function becomeAttachClient(plan: AttachPlan): never {
  const env = Object.fromEntries(
    Object.entries(process.env).filter(
      (entry): entry is [string, string] => entry[1] !== undefined,
    ),
  )
  process.execve?.(shimPath, attachCommand(plan), env)
  throw new Error('process.execve came back')
}
