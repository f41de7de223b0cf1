import { execFile } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import type { Test } from 'tap'
import { runServer } from '../../orchestrator/server/run-server.ts'
import type { RunningServer } from '../../orchestrator/server/run-server.ts'

export interface CommandResult {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

export interface Kubectl {
  readonly server: RunningServer
  /** Run a command to its end; `input` is its standard input. */
  run(words: readonly string[], input?: string): Promise<CommandResult>
  /** A manifest in a file. @returns its path */
  file(name: string, text: string): string
}

const commandTimeoutMs = 30_000

/** The plain builds beside a dispatcher that chooses one by the server, oldest first; else what there is. */
export function kubectlBinaries(): string[] {
  const found = (process.env['PATH'] ?? '')
    .split(delimiter)
    .map((folder) => join(folder, 'kubectl'))
    .find((path) => existsSync(path))
  if (found === undefined) throw new Error('no kubectl: install kubernetes-client')
  const folder = dirname(realpathSync(found))
  const versions = readdirSync(folder)
    .filter((name) => /^kubectl\.1\.\d+$/.test(name))
    .toSorted((a, b) => Number(a.split('.')[2]) - Number(b.split('.')[2]))
  return versions.length > 0 ? versions.map((name) => join(folder, name)) : [found]
}

/** A server of its own, and a kubectl that talks to it and knows nothing of any other. @param options.controls with controllers */
export async function startKubectl(
  t: Test,
  binary = kubectlBinaries().at(-1)!,
  { controls = false } = {},
): Promise<Kubectl> {
  const folder = mkdtempSync(join(tmpdir(), 'kubectl-'))
  const server = await runServer({
    dataDir: join(folder, 'data'),
    host: '127.0.0.1',
    port: 0,
    // Without controllers what is written stays as it is.
    controls,
    schedules: false,
  })
  t.teardown(async () => {
    await server.close()
    rmSync(folder, { recursive: true, force: true })
  })
  const env = { ...process.env, HOME: folder, KUBECONFIG: server.kubeconfig }
  return {
    server,
    file: (name, text) => {
      const path = join(folder, name)
      writeFileSync(path, text)
      return path
    },
    run: (words, input) =>
      new Promise((resolve) => {
        const options = { env, cwd: folder, timeout: commandTimeoutMs }
        const child = execFile(binary, [...words], options, (error, stdout, stderr) => {
          const code = error ? (typeof error.code === 'number' ? error.code : -1) : 0
          resolve({ code, stdout, stderr })
        })
        child.stdin?.end(input ?? '')
      }),
  }
}
