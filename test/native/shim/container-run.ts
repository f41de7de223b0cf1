import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ContainerOptions } from './container-program.ts'
import { buildContainerProgram } from './container-program.ts'
import type { ShimRecord, Zygote } from './zygote-client.ts'
import { recordType, startZygote } from './zygote-client.ts'

export const keepStdin = 2
export const stdinOnce = 4
export const hold = 8

/** A started container of a test, with a zygote and a state folder of its own. */
export interface Run {
  readonly folder: string
  readonly zygote: Zygote
  readonly ended: () => Promise<ShimRecord>
  readonly read: (name: string) => string
}

interface Test {
  teardown(handler: () => unknown): unknown
}

/** A folder that goes with the test. */
export function makeFolder(t: Test): string {
  const folder = mkdtempSync(join(tmpdir(), 'shim-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** Sends a container program to a new zygote; nothing has been waited for. */
export function runContainer(
  t: Test,
  options: Omit<ContainerOptions, 'stateDir'>,
  build: { readonly trace?: boolean } = {},
): Run {
  const folder = makeFolder(t)
  const zygote = startZygote()
  t.teardown(() => zygote.close())
  zygote.send(buildContainerProgram({ stateDir: folder, ...options }).build(build))
  return {
    folder,
    zygote,
    ended: () => zygote.next(recordType.exit, 20_000),
    read: (name) => readFileSync(join(folder, name), 'utf8'),
  }
}

/** Polls until `condition` gives something; rejects after 10 s. */
export async function until<T>(condition: () => T | undefined | false): Promise<T> {
  for (let left = 2000; left > 0; left--) {
    const value = condition()
    if (value !== undefined && value !== false) return value
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  throw new Error(`never true: ${String(condition)}`)
}

export function isAlive(pid: number): boolean {
  try {
    return !/^State:\s*Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return false
  }
}
