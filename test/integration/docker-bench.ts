import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { type IncomingMessage, request } from 'node:http'
import { join } from 'node:path'
import type { Test } from 'tap'
import { type CommandBench, commandBench, startCommand, waitUntil } from './command-line.ts'

interface Result {
  readonly exitCode: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface DockerBench extends CommandBench {
  readonly socket: string
  readonly docker: (words: readonly string[], input?: string) => Promise<Result>
  /** One that must succeed; its standard output without the last newline. */
  readonly good: (...words: string[]) => Promise<string>
  readonly call: (method: string, path: string, body?: unknown) => Promise<ApiResult>
  readonly compose: (folder: string, ...words: string[]) => Promise<Result>
  readonly killServer: () => Promise<void>
}

interface ApiResult {
  readonly status: number | undefined
  readonly headers: IncomingMessage['headers']
  readonly body: string
}

const programs = ['sh', 'cat', 'echo', 'sleep', 'true', 'tr', 'stty', 'wget', 'touch', 'yes', 'ls']

/** A server on a root of its own with the image `box`. */
export async function dockerBench(t: Test): Promise<DockerBench> {
  const bench = commandBench(t)
  const socket = join(bench.folder, 'docker.sock')
  const server = startCommand(['serve', '--docker', socket], { root: bench.root })
  t.teardown(() => end(server))
  await waitUntil('the socket', () => existsSync(socket))
  const env = {
    ...process.env,
    DOCKER_HOST: `unix://${socket}`,
    DOCKER_BUILDKIT: '0',
    HOME: bench.folder,
  }
  const docker = (words: readonly string[], input = ''): Promise<Result> =>
    runProgram('docker', words, { env, input })
  const good = async (...words: string[]): Promise<string> => {
    const { exitCode, stdout, stderr } = await docker(words)
    if (exitCode !== 0) throw new Error(`docker ${words.join(' ')}: ${exitCode}\n${stderr}`)
    return stdout.trimEnd()
  }
  await importBox(bench.folder, good)
  return {
    ...bench,
    socket,
    docker,
    good,
    call: (method, path, body) => callApi(socket, method, path, body),
    compose: (folder, ...words) =>
      runProgram('docker-compose', ['-p', 'stack', ...words], { env, input: '', cwd: folder }),
    async killServer() {
      server.kill('SIGKILL')
      await once(server, 'exit')
    },
  }
}

async function importBox(
  folder: string,
  good: (...words: string[]) => Promise<string>,
): Promise<void> {
  const root = join(folder, 'box')
  for (const name of ['bin', 'etc', 'tmp']) mkdirSync(join(root, name), { recursive: true })
  copyFileSync('/bin/busybox', join(root, 'bin/busybox'))
  for (const name of programs) symlinkSync('busybox', join(root, 'bin', name))
  writeFileSync(join(root, 'etc/passwd'), 'root:x:0:0:root:/:/bin/sh\n')
  const tar = join(folder, 'box.tar')
  await runProgram('tar', ['-C', root, '-cf', tar, '.'], { env: process.env, input: '' })
  await good('import', '-c', 'CMD ["sh"]', tar, 'box')
}

async function end(server: ChildProcess): Promise<void> {
  if (server.exitCode !== null || server.signalCode !== null) return
  server.kill('SIGTERM')
  await once(server, 'exit')
}

interface RunOptions {
  readonly env: NodeJS.ProcessEnv
  readonly input: string
  readonly cwd?: string
}

async function runProgram(
  program: string,
  words: readonly string[],
  { env, input, cwd }: RunOptions,
): Promise<Result> {
  const child = spawn(program, words, { env, stdio: 'pipe', ...(cwd ? { cwd } : {}) })
  const timer = setTimeout(() => child.kill('SIGKILL'), 60_000)
  let stdout = ''
  let stderr = ''
  child.stdout.setEncoding('utf8').on('data', (piece: string) => (stdout += piece))
  child.stderr.setEncoding('utf8').on('data', (piece: string) => (stderr += piece))
  child.stdin.on('error', () => undefined)
  child.stdin.end(input)
  const [exitCode] = (await once(child, 'close')) as [number | null]
  clearTimeout(timer)
  return { exitCode, stdout, stderr }
}

async function callApi(
  socketPath: string,
  method: string,
  path: string,
  body?: unknown,
): Promise<ApiResult> {
  const asked = request({
    socketPath,
    method,
    path,
    headers: { 'Content-Type': 'application/json' },
  })
  asked.end(body === undefined ? undefined : JSON.stringify(body))
  const [answer] = (await once(asked, 'response')) as [IncomingMessage]
  const chunks: Buffer[] = []
  for await (const chunk of answer as AsyncIterable<Buffer>) chunks.push(chunk)
  return {
    status: answer.statusCode,
    headers: answer.headers,
    body: Buffer.concat(chunks).toString(),
  }
}
