import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Test } from 'tap'
import { commandBench, runCommand } from './command-line.ts'
import type { CommandBench, CommandResult } from './command-line.ts'

export interface Stack {
  readonly bench: CommandBench
  readonly folder: string
  readonly write: (text: string, name?: string) => void
  /** `mycontainer compose …` in the folder. */
  readonly compose: (...args: string[]) => Promise<CommandResult>
  /** Its standard output; it must go well. */
  readonly ok: (...args: string[]) => Promise<string>
  /** `SERVICE-NUMBER STATUS` of each container. */
  readonly states: () => Promise<string[]>
  readonly idOf: (name: string) => Promise<unknown>
}

/** A project of compose in a folder of its own. */
export function stack(t: Test, text: string, env: Readonly<Record<string, string>> = {}): Stack {
  const bench = commandBench(t)
  const folder = join(bench.folder, 'app')
  mkdirSync(folder)
  const write = (content: string, name = 'compose.yaml'): void =>
    writeFileSync(join(folder, name), content)
  write(text)
  const compose = (...args: string[]): Promise<CommandResult> =>
    runCommand(['compose', '-p', 'app', ...args], { root: bench.root, cwd: folder, env })
  const ok = async (...args: string[]): Promise<string> => {
    const result = await compose(...args)
    if (result.exitCode !== 0)
      throw new Error(`compose ${args.join(' ')}: ${result.exitCode}\n${result.stderr}`)
    return result.stdout
  }
  const states = async (): Promise<string[]> => {
    const lines = await ok('ps', '-a', '--format', '{{.Name}} {{.State}}')
    return lines.split('\n').filter(Boolean)
  }
  return {
    bench,
    folder,
    write,
    compose,
    ok,
    states,
    idOf: (name) => bench.inspect(name, '.Id'),
  }
}

/** A command that runs until it is told to end. */
export const stays = `sh -c 'trap "exit 0" TERM; echo up; while :; do sleep 0.1; done'`
