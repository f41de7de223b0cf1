import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { findProgram } from './find-program.ts'
import type { Laboratory } from './laboratory.ts'
import { type Row, takeSamples } from './samples.ts'
import { printTable } from './table.ts'

const layerBytes = 147_000_000

interface Server {
  readonly name: string
  readonly port: number
  readonly isOurs: boolean
  readonly process: ChildProcess
}

interface Bench {
  readonly laboratory: Laboratory
  readonly folder: string
  /** OCI layout "big:x", and its layer. */
  readonly layer: { readonly path: string; readonly digest: string }
  readonly newName: () => string
}

/** Our registry and Debian's docker-registry under the same clients. */
export async function measureRegistryServer(laboratory: Laboratory): Promise<void> {
  const folder = join(laboratory.folder, 'registries')
  mkdirSync(folder)
  const servers: Server[] = []
  try {
    servers.push(...(await startServers(folder)))
    const bench = { ...(await makeImage(laboratory, folder)), newName: namer() }
    const rounds = Math.min(laboratory.runs, 10)
    for (const [title, rowOf] of Object.entries(tables)) {
      const rows = servers.map((server) => rowOf(bench, server))
      printTable({ title, unit: 'ms' }, await takeSamples(rows, rounds))
    }
    for (const { name, process: child } of servers)
      process.stdout.write(`   memory of ${name}: ${mostMemory(child.pid)} MB\n`)
  } finally {
    for (const { process: child } of servers) child.kill('SIGTERM')
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
  }
}

const tables: Readonly<Record<string, (bench: Bench, server: Server) => Row>> = {
  'skopeo pushes 147 MB': (bench, server) => ({
    title: server.name,
    isOurs: server.isOurs,
    command: `skopeo copy oci:big:x docker://localhost/x`,
    sample: () => push(bench, server, bench.newName()),
  }),
  'skopeo pulls 147 MB': (bench, server) => {
    const name = bench.newName()
    return {
      title: server.name,
      isOurs: server.isOurs,
      command: 'skopeo copy docker://localhost/x dir:out',
      warmUp: async () => void (await push(bench, server, name)),
      async sample() {
        await bench.laboratory.shell.time(`rm -rf ${bench.folder}/out`)
        return bench.laboratory.shell.time(
          `skopeo copy -q --src-tls-verify=false docker://127.0.0.1:${server.port}/${name}:1 dir:${bench.folder}/out`,
        )
      },
    }
  },
  'curl uploads a blob of 147 MB': (bench, server) => ({
    title: server.name,
    isOurs: server.isOurs,
    command: 'POST, then curl -T blob',
    sample: () => upload(bench, server),
  }),
  'curl downloads a blob of 147 MB': (bench, server) => {
    const name = bench.newName()
    const url = `http://127.0.0.1:${server.port}/v2/${name}/blobs/${bench.layer.digest}`
    return {
      title: server.name,
      isOurs: server.isOurs,
      command: 'curl -o /dev/null',
      warmUp: async () => void (await push(bench, server, name)),
      sample: () => bench.laboratory.shell.time(`curl -sf -o /dev/null ${url}`),
    }
  },
}

/** skopeo remembers where it saw a blob, and would mount it: the memory lies in a folder that is emptied. */
const skopeoCache = '/var/lib/containers/cache'

async function push({ laboratory, folder }: Bench, server: Server, name: string): Promise<number> {
  await laboratory.shell.time(`rm -rf ${skopeoCache}/*`)
  return laboratory.shell.time(
    `skopeo copy -q --dest-tls-verify=false oci:${folder}/big:x docker://127.0.0.1:${server.port}/${name}:1`,
  )
}

async function upload({ laboratory, layer, newName }: Bench, server: Server): Promise<number> {
  const base = `http://127.0.0.1:${server.port}`
  const started = await fetch(`${base}/v2/${newName()}/blobs/uploads/`, { method: 'POST' })
  const location = new URL(started.headers.get('location') ?? '', base)
  location.searchParams.set('digest', layer.digest)
  return laboratory.shell.time(`curl -sf -T ${layer.path} '${location.href}'`)
}

/** An image of one layer that does not compress. The bench runs in a mount namespace of its own. */
async function makeImage(laboratory: Laboratory, folder: string): Promise<Omit<Bench, 'newName'>> {
  const { shell } = laboratory
  mkdirSync(join(folder, 'cache'))
  await shell.time(`mkdir -p ${skopeoCache} && mount --bind ${folder}/cache ${skopeoCache}`)
  mkdirSync(join(folder, 'root'))
  writeFileSync(join(folder, 'root/random'), randomBytes(layerBytes))
  await shell.time(`tar -C ${folder}/root -cf ${folder}/root.tar .`)
  await shell.time(`myimage import ${folder}/root.tar bench-registry`)
  await shell.time(`myimage save --format oci-archive -o ${folder}/big.tar bench-registry`)
  await shell.time(`skopeo copy -q oci-archive:${folder}/big.tar oci:${folder}/big:x`)
  await shell.time(`myimage rm bench-registry`)
  const blobs = join(folder, 'big/blobs/sha256')
  const hex = readdirSync(blobs).toSorted(
    (one, other) => statSync(join(blobs, other)).size - statSync(join(blobs, one)).size,
  )[0]
  return { laboratory, folder, layer: { path: join(blobs, String(hex)), digest: `sha256:${hex}` } }
}

async function startServers(folder: string): Promise<Server[]> {
  const own = await freePort()
  const command = join(import.meta.dirname, '../bin/myimage')
  const words = ['--root', join(folder, 'own'), 'serve', '--addr', `127.0.0.1:${own}`]
  const servers = [
    {
      name: 'myimage serve',
      port: own,
      isOurs: true,
      process: spawn(command, words, { stdio: 'ignore' }),
    },
  ]
  const peer = findProgram('docker-registry')
  if (peer) {
    const port = await freePort()
    const configuration = join(folder, 'docker-registry.yml')
    writeFileSync(
      configuration,
      [
        'version: 0.1',
        'log: {level: error, accesslog: {disabled: true}}',
        `storage: {filesystem: {rootdirectory: ${join(folder, 'peer')}}}`,
        `http: {addr: "127.0.0.1:${port}"}`,
      ].join('\n'),
    )
    const child = spawn(peer, ['serve', configuration], { stdio: 'ignore' })
    servers.push({ name: 'docker-registry', port, isOurs: false, process: child })
  } else process.stdout.write('# left out: docker-registry: not installed\n')
  for (const { port } of servers) await untilListening(port)
  return servers
}

async function untilListening(port: number): Promise<void> {
  for (let attempt = 0; attempt < 200; attempt += 1) {
    const answer = await fetch(`http://127.0.0.1:${port}/v2/`).catch(() => undefined)
    if (answer?.ok) return
    await delay(50)
  }
  throw new Error(`no registry on port ${port} within 10 s`)
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      const port = typeof address === 'object' && address ? address.port : 0
      server.close(() => resolve(port))
    })
  })
}

function namer(): () => string {
  let count = 0
  return () => `bench/r${(count += 1)}`
}

function mostMemory(pid: number | undefined): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  return Math.round(Number(/^VmHWM:\s+(\d+)/m.exec(status)?.[1]) / 1024)
}
