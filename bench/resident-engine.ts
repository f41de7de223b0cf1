import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { Laboratory } from './laboratory.ts'

export interface ResidentEngine {
  /** The command line that uses it. */
  readonly command: string
  close(): Promise<void>
}

/** `mycontainer serve` over a state root of its own, with the same image. */
export async function startResidentEngine(laboratory: Laboratory): Promise<ResidentEngine> {
  const { folder, shell } = laboratory
  const root = join(folder, 'served')
  const setting = `MYCONTAINER_ROOT=${root}`
  await shell.time(`${setting} myimage import ${join(folder, 'rootfs.tar')} bench`)
  const child = spawn(join(import.meta.dirname, '../bin/mycontainer'), ['serve'], {
    env: { ...process.env, MYCONTAINER_ROOT: root },
    stdio: 'ignore',
  })
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  const socket = join(root, 'run/engine.sock')
  for (let attempt = 0; !existsSync(socket); attempt += 1) {
    if (attempt === 200 || child.exitCode !== null)
      throw new Error('mycontainer serve: does not listen')
    await delay(50)
  }
  return {
    command: `${setting} mycontainer`,
    async close() {
      child.kill('SIGTERM')
      await ended
    },
  }
}
