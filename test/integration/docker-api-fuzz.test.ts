import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { type IncomingMessage, request } from 'node:http'
import { join } from 'node:path'
import t from 'tap'
import { routes } from '../../runtime/docker-api/routes.ts'
import { pick, type Random } from '../chaos/random.ts'
import { anyValue, damaged, damagedBytes, oddJson, oddTexts } from '../orchestrator/fuzz/damage.ts'
import { fuzzRounds, fuzzTimeout } from '../orchestrator/fuzz/fuzz-settings.ts'
import { makeRootfs } from './oci-bench.ts'
import { startImageCommand } from './run-image-command.ts'
import { commandBench, startCommand, waitUntil } from './command-line.ts'
import { leftovers } from './leftovers.ts'

// Needs root. Requests that no docker client would send: the server says what is wrong with them, stays, and keeps nothing.

t.setTimeout(180_000)
const bench = commandBench(t)
const socketPath = join(bench.folder, 'docker.sock')

/** Those that ask other hosts, wait for ever, or take away what the others are about. */
const left = /prune$|rename$|^\/(?:auth|distribution|images\/create|images\/\*\*\/push|events)/

/** All of these answer alike: there is no swarm. */
const swarm = /^\/(?:swarm|nodes|services|tasks|secrets|configs|plugins)/

const containerBody = {
  Image: 'box',
  Cmd: ['true'],
  Env: ['A=1'],
  User: '0',
  WorkingDir: '/',
  Labels: { a: 'b' },
  ExposedPorts: { '80/tcp': {} },
  Healthcheck: { Test: ['CMD', 'true'], Interval: 1_000_000_000 },
  StopTimeout: 1,
  Volumes: { '/v': {} },
  HostConfig: {
    NetworkMode: 'none',
    AutoRemove: false,
    Binds: ['vol:/data:ro'],
    Memory: 64_000_000,
    NanoCpus: 500_000_000,
    PidsLimit: 10,
    CapAdd: ['NET_ADMIN'],
    SecurityOpt: ['no-new-privileges'],
    PortBindings: { '80/tcp': [{ HostIp: '127.0.0.1', HostPort: '24999' }] },
    RestartPolicy: { Name: 'on-failure', MaximumRetryCount: 1 },
    LogConfig: { Type: 'json-file', Config: { 'max-size': '1m' } },
    Tmpfs: { '/t': 'size=1m' },
    Ulimits: [{ Name: 'nofile', Soft: 10, Hard: 20 }],
    Mounts: [{ Type: 'tmpfs', Target: '/m', TmpfsOptions: { SizeBytes: 1000 } }],
    Sysctls: { 'net.core.somaxconn': '10' },
    Devices: [{ PathOnHost: '/dev/null', PathInContainer: '/dev/n', CgroupPermissions: 'r' }],
  },
  NetworkingConfig: { EndpointsConfig: { none: { Aliases: ['a'] } } },
}
const bodies = [
  containerBody,
  { Cmd: ['true'], AttachStdout: true, Tty: false, Env: ['A=1'], User: '0', WorkingDir: '/' },
  { Detach: true, Tty: false },
  { Name: 'net', Driver: 'none', Internal: true, IPAM: { Config: [{ Subnet: '10.99.0.0/24' }] } },
  { Name: 'vol', Driver: 'local', DriverOpts: { type: 'tmpfs', device: 'tmpfs', o: 'size=1m' } },
  { Container: 'one', EndpointConfig: { IPAMConfig: { IPv4Address: '10.99.0.9' } }, Force: true },
  { Memory: 64_000_000, CpuShares: 10, RestartPolicy: { Name: 'no' } },
]
const queries = [
  'all',
  'filters',
  'force',
  'v',
  'signal',
  't',
  'h',
  'w',
  'name',
  'names',
  'path',
  'repo',
  'tag',
  'limit',
  'since',
  'tail',
  'stdout',
  'ps_args',
  'platform',
  'changes',
  'container',
  'condition',
  'dockerfile',
  'buildargs',
  'noOverwriteDirNonDir',
]

interface Request {
  readonly method: string
  readonly path: string
  readonly body: Buffer | undefined
  readonly headers: Readonly<Record<string, string>>
}

const known = ['one', 'box', 'vol', 'net', 'none', 'bridge']

const endpoints = routes.filter(([, path]) => !left.test(path) && !swarm.test(path))
const makers = endpoints.filter(([, path]) => /create|\/update|\*\/exec/.test(path))

function makeRequest(random: Random): Request {
  const [method, pattern] = pick(random, random() < 0.3 ? makers : endpoints)
  const part = (): string =>
    random() < 0.8 && method !== 'DELETE'
      ? pick(random, known)
      : encodeURIComponent(pick(random, texts))
  const path = pattern.replaceAll(/\*+/g, part)
  const query = Array.from({ length: Math.floor(random() * 3) }, () => {
    const value = random() < 0.5 ? pick(random, texts) : JSON.stringify(anyValue(random))
    return `${pick(random, queries)}=${encodeURIComponent(value)}`
  })
  // Nobody is to wait for what goes on and on.
  const finite = /\/(?:logs|stats)$/.test(path) ? ['follow=0', 'stream=0', 'stdout=1'] : []
  const version = random() < 0.2 ? `/v${pick(random, ['1.41', '1.0', '9.9', '1', 'x'])}` : ''
  return {
    method: random() < 0.05 ? pick(random, ['PATCH', 'OPTIONS', 'PUT']) : method,
    path: `${version}${path}?${[...query, ...finite].join('&')}`,
    body: method === 'GET' || method === 'HEAD' ? undefined : bodyOf(random),
    headers: {
      'content-type': pick(random, ['application/json', 'application/x-tar', 'text/plain', '']),
      ...(random() < 0.1 ? { 'x-registry-auth': pick(random, texts.filter(isHeader)) } : {}),
    },
  }
}

// What is no Unicode cannot be written into an address.
const texts = oddTexts.filter((text) => text.isWellFormed())
const isHeader = (text: string): boolean => /^[ -~]*$/.test(text)

function bodyOf(random: Random): Buffer {
  const body = damaged(random, pick(random, bodies), pick(random, [0, 0.03, 0.1]))
  const text = random() < 0.2 ? oddJson(random, body) : JSON.stringify(body)
  return random() < 0.7 ? Buffer.from(text) : damagedBytes(random, Buffer.from(text))
}

interface Answer {
  readonly status: number
  readonly text: string
}

/** @returns undefined where the answer takes its time: a wait, an attachment */
function send({ method, path, body, headers }: Request): Promise<Answer | undefined> {
  return new Promise((resolve, reject) => {
    const asked = request({ socketPath, method, path, headers, agent: false })
    const timer = setTimeout(() => {
      asked.destroy()
      resolve(undefined)
    }, 3_000)
    const done = (answer: Answer | undefined): void => {
      clearTimeout(timer)
      resolve(answer)
    }
    asked.on('response', (response: IncomingMessage) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      const end = (): void =>
        done({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString() })
      response.on('end', end)
      response.on('error', end)
    })
    asked.on('upgrade', (response: IncomingMessage, connection) => {
      connection.destroy()
      done({ status: response.statusCode ?? 0, text: '' })
    })
    asked.on('error', (error: NodeJS.ErrnoException) => {
      clearTimeout(timer)
      // Refused before it was read to its end.
      if (error.code === 'EPIPE' || error.code === 'ECONNRESET') resolve(undefined)
      else reject(error)
    })
    asked.end(body)
  })
}

/** Whether the server blames itself. */
const isDefect = ({ status, text }: Answer): boolean =>
  (status >= 500 && status !== 501) ||
  (status >= 400 && /TypeError|RangeError|SyntaxError|INTERNAL|\bat \w+ \(|node:/.test(text))

t.test('requests that nobody would send', { timeout: fuzzTimeout }, async (t) => {
  const rootfs = join(bench.folder, 'rootfs')
  makeRootfs(rootfs)
  const server = startCommand(['serve', '--docker', socketPath], bench)
  t.teardown(() => void server.kill('SIGTERM'))
  let isGone = false
  let errors = ''
  server.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()))
  server.stdout.resume()
  server.once('exit', () => (isGone = true))
  await waitUntil('the socket', () => existsSync(socketPath))
  execFileSync('tar', ['-C', rootfs, '-cf', `${rootfs}.tar`, '.'])
  const image = { MYCONTAINER_ROOT: bench.root }
  await startImageCommand(['import', `${rootfs}.tar`, 'box'], image).ended
  await bench.ok('create', '--name', 'one', '--network', 'none', 'box', 'true')
  const statuses = new Map<number, number>()
  const rounds = [...fuzzRounds(1_500)]
  const lane = async (): Promise<void> => {
    for (let round = rounds.shift(); round; round = rounds.shift()) {
      if (isGone) return
      const asked = makeRequest(round.random)
      const answer = await send(asked)
      if (!answer) continue
      statuses.set(answer.status, (statuses.get(answer.status) ?? 0) + 1)
      if (isDefect(answer))
        t.fail(`seed ${round.seed}: ${answer.status} ${asked.method} ${asked.path.slice(0, 200)}`, {
          text: answer.text.slice(0, 500),
          body: asked.body?.toString().slice(0, 2_000),
        })
    }
  }
  await Promise.all(Array.from({ length: 6 }, lane))
  t.notOk(isGone, 'the server is still there', { errors })
  t.equal((await send({ method: 'GET', path: '/_ping', body: undefined, headers: {} }))?.text, 'OK')
  t.notMatch(errors, /Error|\n +at /, 'and was not surprised')
  t.comment(JSON.stringify(Object.fromEntries(statuses)))
})

t.test('nothing is left', async (t) => {
  const ids = (await bench.ok('ps', '-aq')).split('\n').filter(Boolean)
  if (ids.length > 0) await bench.ok('rm', '-f', '-v', '-t', '0', ...ids)
  t.strictSame(leftovers(bench.root), [])
})
