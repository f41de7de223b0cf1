import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { constants } from 'node:os'
import { attachCommand } from './attach-client.ts'
import type { AttachPlan } from './attach-plan.ts'

/** What a terminal sends goes to the child too, who knows what to do with it. */
const fromTerminal = ['SIGINT', 'SIGQUIT'] as const
const forwarded = ['SIGTERM', 'SIGHUP'] as const

function ignore(): void {
  // The child decides.
}

/**
 * Have a child be the terminal of a container, where this process has something to do afterwards.
 *
 * @returns the container's exit code
 */
export async function attachAsChild(plan: AttachPlan): Promise<number> {
  const [file = '', ...args] = attachCommand(plan)
  const child = spawn(file, args, { stdio: 'inherit' })
  const forward = (signal: NodeJS.Signals): void => {
    child.kill(signal)
  }
  for (const signal of fromTerminal) process.on(signal, ignore)
  for (const signal of forwarded) process.on(signal, forward)
  try {
    const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null]
    return code ?? 128 + (signal === null ? 0 : constants.signals[signal])
  } finally {
    for (const name of fromTerminal) process.off(name, ignore)
    for (const name of forwarded) process.off(name, forward)
  }
}
