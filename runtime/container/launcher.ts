import { readSync, writeSync } from 'node:fs'
import { setCloseOnExec } from '../../native/descriptor.ts'
import { encodeFrame, engineFrame } from '../resident-engine/frames.ts'
import { encodeAttach } from './attach-client.ts'
import type { AttachPlan } from './attach-plan.ts'

/** Set by the launcher: the descriptor of a stream on which it awaits what is left to do. */
const variable = 'MYCONTAINER_LAUNCHER'

/**
 * The launcher, waiting beside this process. It kills this process and goes on: an orderly end would take
 * longer, and would put back the terminal's settings after the launcher has made its own.
 */
export interface Launcher {
  /** Have it become the terminal of a container. */
  attach(plan: AttachPlan): never
  /** Have it end with this code. Everything must be written and done. */
  end(exitCode: number): never
}

/** The launcher that waits for this process, taken out of the environment. */
export function takeLauncher(env: NodeJS.ProcessEnv): Launcher | undefined {
  const text = env[variable]
  if (text === undefined) return undefined
  delete env[variable]
  if (!/^\d+$/.test(text)) return undefined
  const stream = Number(text)
  setCloseOnExec(stream)
  return {
    attach(plan) {
      sendFrame(stream, engineFrame.attachTo, encodeAttach(plan))
      awaitDeath(stream)
    },
    end(exitCode) {
      const code = Buffer.alloc(4)
      code.writeInt32LE(exitCode)
      sendFrame(stream, engineFrame.done, code)
      awaitDeath(stream)
    },
  }
}

/** Comes to its end only where the launcher is gone without having killed us. */
function awaitDeath(stream: number): never {
  readSync(stream, Buffer.alloc(1))
  process.exit()
}

function sendFrame(stream: number, type: number, payload: Buffer): void {
  const bytes = encodeFrame(type, payload)
  for (let at = 0; at < bytes.length;) at += writeSync(stream, bytes, at)
}
