import { execFile } from 'node:child_process'
import { join } from 'node:path'
import type { CommandResult } from '../conformance/kubectl.ts'

const command = join(import.meta.dirname, '../../bin/myorch')

/** Run `myorch` to its end. */
export function runCommand(env: NodeJS.ProcessEnv, ...words: string[]): Promise<CommandResult> {
  return new Promise((resolve) => {
    execFile(command, words, { env, timeout: 60_000 }, (error, stdout, stderr) => {
      const code = error ? (typeof error.code === 'number' ? error.code : -1) : 0
      resolve({ code, stdout, stderr })
    })
  })
}
