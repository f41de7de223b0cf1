import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { openImageStore } from '../../rootfs/store/image-store.ts'
import { pruneImages } from '../../rootfs/store/remove-image.ts'
import { verifyStore } from '../../rootfs/store/verify-store.ts'

// Processes that add images with shared layers, remove them, prune and are killed, on one store. In the
// end everything that an image needs is there and whole, and nothing else is.

const rounds = 8
const source = join(import.meta.dirname, '../../rootfs')
const imports = `
  import { openImageStore } from ${JSON.stringify(join(source, 'store/image-store.ts'))}
  import { addLayer } from ${JSON.stringify(join(source, 'store/add-layer.ts'))}
  import { addBuiltImage } from ${JSON.stringify(join(source, 'store/add-built-image.ts'))}
  import { withLease } from ${JSON.stringify(join(source, 'store/lease.ts'))}
  import { pruneImages, removeImage } from ${JSON.stringify(join(source, 'store/remove-image.ts'))}
  import { buildTar } from ${JSON.stringify(join(import.meta.dirname, '../rootfs/layer/tar-builder.ts'))}
  const [number, rounds, folders] = JSON.parse(process.argv[1])
  const store = openImageStore(folders)
  const onNote = () => undefined
  const layer = (content) => {
    const bytes = buildTar([{ name: 'f-' + content, content: content.repeat(20000) }])
    return { size: bytes.length, pieces: () => [bytes] }
  }
  const add = (round) => withLease(store, async (lease) => {
    const lower = await addLayer(lease, { source: layer('shared' + (round % 2)), below: [], onNote })
    const upper = await addLayer(lease, { source: layer('own' + number), below: [lower.chainId], onNote })
    const configuration = { os: 'linux', architecture: 'amd64', config: { Labels: { number, round } } }
    configuration.config.Labels = { number: String(number), round: String(round) }
    const references = ['localhost/image-' + number + ':1']
    await addBuiltImage(lease, { layers: [lower, upper], configuration, references })
  })
`
const adding = `
  for (let round = 0; round < rounds; round++) {
    await add(round)
    if (round % 3 === 2) await removeImage(store, 'localhost/image-' + number + ':1', { force: true })
  }
  await add(rounds)
`
const pruning = `for (let round = 0; round < rounds * 5; round++) await pruneImages(store, { inUse: () => new Set() })`
const addingForEver = 'for (let round = 0; ; round++) await add(round)'

interface Bench {
  readonly folders: { readonly dataDir: string; readonly runDir: string }
  start(script: string, number: number): ChildProcess
}

function bench(t: Test): Bench {
  const base = mkdtempSync(join(tmpdir(), 'concurrent-'))
  t.teardown(() => rmSync(base, { recursive: true, force: true }))
  const folders = { dataDir: join(base, 'data'), runDir: join(base, 'run') }
  return {
    folders,
    start(script, number) {
      const input = JSON.stringify([number, rounds, folders])
      const options = ['--input-type=module', '-e', `${imports}${script}`, input]
      return spawn(process.execPath, options, { stdio: 'inherit' })
    },
  }
}

async function exitCode(child: ChildProcess): Promise<unknown> {
  return (await once(child, 'close'))[0]
}

async function requireWhole(t: Test, { folders }: Bench, wanted: number): Promise<void> {
  const store = openImageStore(folders)
  await pruneImages(store, { inUse: () => new Set() })
  const images = store.list()
  t.equal(images.length, wanted)
  const result = await verifyStore(store, {
    inUse: new Set(),
    onDamage: ({ kind, subject, what }) => t.fail(`${kind} ${subject}: ${what}`),
  })
  t.equal(result.damaged, 0)
  const layers = new Set(images.flatMap((image) => image.layerFolders))
  t.equal(readdirSync(store.folders.layers).length, layers.size, 'no layer without an image')
  t.equal(readdirSync(store.folders.blobs).length, layers.size + 2 * images.length)
  t.strictSame(readdirSync(store.folders.temporary), [])
  t.strictSame(readdirSync(store.folders.locks), [])
  store.close()
}

t.test('adding, removing and pruning at once', async (t) => {
  const tools = bench(t)
  const children = [1, 2, 3, 4].map((number) => tools.start(adding, number))
  children.push(tools.start(pruning, 0))
  const codes = await Promise.all(children.map(exitCode))
  t.strictSame(codes, [0, 0, 0, 0, 0])
  await requireWhole(t, tools, 4)
})

t.test('processes that are killed while they add', async (t) => {
  const tools = bench(t)
  const pruner = exitCode(tools.start(pruning, 0))
  for (let number = 1; number <= 6; number++) {
    const child = tools.start(addingForEver, number)
    const closed = exitCode(child)
    const store = openImageStore(tools.folders)
    while (!store.find(`localhost/image-${number}:1`)) await new Promise(setImmediate)
    store.close()
    child.kill('SIGKILL')
    await closed
  }
  t.equal(await pruner, 0)
  await requireWhole(t, tools, 6)
})
