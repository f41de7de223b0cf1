import { spawn, spawnSync } from 'node:child_process'
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Test } from 'tap'
import { type OciBench, type OciResult, eventually, ociBench, ociPath } from './oci-bench.ts'

// Streams that are files are to be opened to append: CRIU asks for the size that others had.

/** Another one than the host's, such as one that was built for its kernel. */
export const criuPath = process.env['MYCONTAINER_TEST_CRIU'] ?? 'criu'

/** Why containers cannot be written to disk here; undefined where they can. */
export function whyNoCriu(): string | undefined {
  const { error, status, stdout, stderr } = spawnSync(criuPath, ['check'], { encoding: 'utf8' })
  if (error) return `no criu is installed (${error.message})`
  if (status === 0) return undefined
  return `"criu check" fails: ${`${stdout}${stderr}`.trim().split('\n').at(-1) ?? ''}`
}

/** A command whose container keeps its streams when it has ended. */
export interface StreamingCommand {
  /** What its standard output has said until now. */
  readonly text: () => string
  readonly ended: Promise<number | null>
  /** To its standard input. */
  readonly type: (text: string) => void
}

export interface CriuBench extends OciBench {
  /** Folder of the next checkpoint. */
  readonly image: () => string
  /** The launcher with these words: both outputs are one pipe. */
  readonly piped: (...args: string[]) => StreamingCommand
  /** The same on a terminal, made by script(1). */
  readonly onTerminal: (...args: string[]) => StreamingCommand
  /** The launcher with its global flags, and these words. */
  readonly words: (...args: string[]) => string[]
  /** Run a command whose streams are files, opened to append. */
  readonly appended: (args: readonly string[]) => OciResult
  /** Until its program runs. */
  readonly start: (bundle: string, id: string) => Promise<void>
  readonly checkpoint: (image: string, id: string, ...flags: string[]) => OciResult
  readonly restore: (image: string, bundle: string, id: string, ...flags: string[]) => OciResult
}

export function criuBench(t: Test): CriuBench {
  const bench = ociBench(t)
  let count = 0
  const words = (...args: string[]): string[] => [
    ociPath,
    '--root',
    join(bench.folder, 'state'),
    '--criu',
    criuPath,
    ...args,
  ]
  const run = (args: readonly string[]): OciResult => {
    const [out, err] = ['out', 'err'].map((name) => join(bench.folder, `${name}${count++}`))
    // The root of a user namespace opens them again.
    for (const path of [out, err]) makeOpenFile(path)
    const script = `exec "$@" </dev/null >>${out} 2>>${err}`
    const prefix = ['/bin/sh', '-c', script, 'sh']
    const { code } = bench.run(['--criu', criuPath, ...args], { prefix })
    return { code, stdout: readText(out), stderr: readText(err) }
  }
  return {
    ...bench,
    words,
    appended: run,
    async start(bundle, id) {
      const result = run(['run', '--detach', '--bundle', bundle, id])
      if (result.code !== 0) throw new Error(result.stderr)
      const { pid } = bench.state(id)
      await eventually('its program runs', () => readText(`/proc/${pid}/environ`) !== '')
    },
    image: () => join(bench.folder, `image${count++}`),
    piped: (...args) => stream(t, 'sh', ['-c', throughPipe, 'sh', ...words(...args)]),
    onTerminal: (...args) =>
      stream(t, 'script', ['-qefc', `exec ${words(...args).join(' ')}`, '/dev/null']),
    checkpoint: (image, id, ...flags) =>
      run(['checkpoint', '--image-path', image, '--work-path', `${image}.work`, ...flags, id]),
    restore: (image, bundle, id, ...flags) =>
      run([
        'restore',
        '--detach',
        '--bundle',
        bundle,
        '--image-path',
        image,
        '--work-path',
        `${image}.work`,
        ...flags,
        id,
      ]),
  }
}

function stream(t: Test, program: string, args: readonly string[]): StreamingCommand {
  const child = spawn(program, args, { stdio: 'pipe' })
  let text = ''
  child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()))
  child.stdin.on('error', () => undefined)
  t.teardown(() => {
    child.kill('SIGKILL')
    for (const end of [child.stdin, child.stdout, child.stderr]) end.destroy()
  })
  const ended = new Promise<number | null>((resolve) => {
    child.on('exit', resolve)
    child.stderr.on('data', (chunk: Buffer) => {
      const [, code] = /^code (\d+)$/m.exec(chunk.toString()) ?? []
      if (code !== undefined) resolve(Number(code))
    })
  })
  return { text: () => text, ended, type: (input) => void child.stdin.write(input) }
}

function makeOpenFile(path = ''): void {
  writeFileSync(path, '')
  chmodSync(path, 0o666)
}

function readText(path = ''): string {
  return readFileSync(path, 'utf8')
}

// Streams of Node are sockets, which no checkpoint takes along.

/** The launcher gets a pipe, and says its exit code. */
const throughPipe = '{ "$@" </dev/null 2>&1; echo "code $?" >&2; } | cat'

/** What of a process a restore must bring back. */
export function factsOf(pid: number): Readonly<Record<string, unknown>> {
  const read = (name: string): string => readFileSync(`/proc/${pid}/${name}`, 'utf8')
  const status = read('status')
  const names = ['Uid', 'Gid', 'Groups', 'CapPrm', 'CapEff', 'CapBnd', 'NoNewPrivs', 'Seccomp']
  // Ids of mounts are new, and so is their order.
  const mounts = read('mountinfo').split('\n').filter(Boolean)
  return {
    mounts: mounts.map((line) => line.replace(/^(?:\S+ ){3}/, '')).toSorted(),
    groups: read('cgroup'),
    limits: read('limits'),
    oomScore: read('oom_score_adj'),
    environment: read('environ'),
    status: names.map((name) => new RegExp(`^${name}:.*$`, 'm').exec(status)?.[0]),
  }
}

/** Whether anything of the host still knows a mount below a folder. */
export function hasMounts(folder: string): boolean {
  return existsSync(folder) && readFileSync('/proc/self/mountinfo', 'utf8').includes(folder)
}
