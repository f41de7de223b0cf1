import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { commandBench } from './command-line.ts'
import { runImageCommand } from './run-image-command.ts'

// How much room everything takes, and having it back.

t.setTimeout(60_000)
const bench = commandBench(t)
const { ok, run } = bench
const net = ['--network', 'none']

interface Summary {
  readonly Type: string
  readonly TotalCount: string
  readonly Active: string
  readonly Size: string
  readonly Reclaimable: string
}

async function usage(): Promise<Record<string, Summary>> {
  const lines = (await ok('system', 'df', '--format', 'json')).split('\n')
  const rows = lines.map((line) => JSON.parse(line) as Summary)
  return Object.fromEntries(rows.map((row) => [row.Type, row]))
}

t.test('nothing takes nothing', async (t) => {
  t.match(await usage(), {
    Images: { TotalCount: '0', Size: '0B', Reclaimable: '0B' },
    Containers: { TotalCount: '0' },
    'Local Volumes': { TotalCount: '0' },
    'Build Cache': { TotalCount: '0' },
  })
  t.match(await ok('system', 'df', '-v'), /^Images space usage:\n\nREPOSITORY +TAG +IMAGE ID/)
})

t.test('layers count once; what containers use is not reclaimable', async (t) => {
  const write = 'head -c 5000000 /dev/zero > /big; head -c 3000 /dev/zero > /data/f'
  await ok('run', '--name', 'c', ...net, '-v', 'vol:/data', 'host', '/bin/sh', '-c', write)
  await ok('commit', 'c', 'made:1')
  const rows = await usage()
  t.match(rows, {
    Images: { TotalCount: '2', Active: '1', Reclaimable: /^5MB \(\d+%\)$/ },
    Containers: { TotalCount: '1', Active: '0', Size: '5MB', Reclaimable: '5MB (100%)' },
    'Local Volumes': { TotalCount: '1', Active: '1', Size: '3kB', Reclaimable: '0B (0%)' },
  })
  const sections = JSON.parse(await ok('system', 'df', '-v', '--format', 'json')) as {
    Images: { Repository: string; UniqueSize: string; Containers: string }[]
    Volumes: unknown
  }
  t.match(
    sections.Images.find(({ Repository }) => Repository === 'made'),
    {
      UniqueSize: '5MB',
      Containers: '0',
    },
  )
  t.match(sections.Volumes, [{ Name: 'vol', Links: '1', Size: '3kB' }])
})

t.test('prune asks first, and says what it took', async (t) => {
  t.match(await ok('system', 'prune'), /- all dangling images\n  - unused build cache\n\nAre you/)
  t.match(await run('system', 'prune', '--volumes', '--filter', 'until=1h'), { exitCode: 125 })
  await ok('system', 'prune', '-f', '--filter', 'label=nobody')
  t.match(await usage(), { Images: { TotalCount: '2' }, Containers: { TotalCount: '1' } })
  const said = await ok('system', 'prune', '-f', '-a', '--volumes')
  t.match(said, /Deleted Containers:\n[0-9a-f]{64}\n/)
  t.match(said, /Deleted Images:\n(?:untagged: \S+\n)+(?:deleted: sha256:\S+\n)+/)
  t.match(said, /Total reclaimed space: \d/)
  t.match(await usage(), {
    Images: { TotalCount: '0' },
    Containers: { TotalCount: '0' },
    'Local Volumes': { TotalCount: '1' },
  })
})

t.test('builds keep steps until they are pruned', async (t) => {
  const context = join(bench.folder, 'context')
  mkdirSync(context)
  writeFileSync(join(context, 'f'), 'x'.repeat(2000))
  writeFileSync(join(context, 'Dockerfile'), 'FROM scratch\nCOPY f /f\n')
  const built = ['build', '-q', '-t', 'built:1', context]
  await runImageCommand(built, { MYCONTAINER_ROOT: bench.root })
  await runImageCommand(['rm', 'built:1'], { MYCONTAINER_ROOT: bench.root })
  t.match(await usage(), { Images: { TotalCount: '0' }, 'Build Cache': { TotalCount: /[1-9]/ } })
  await ok('system', 'prune', '-f')
  t.match(await usage(), { 'Build Cache': { TotalCount: '0', Size: '0B' } })
})

t.test('info and events have docker’s words', async (t) => {
  t.match(await ok('system', 'info'), /^Client:\n Version: .*\n\nServer:\n Containers: 0\n/s)
  t.equal(await ok('info', '-f', '{{.Containers}} {{.LoggingDriver}}'), '0 json-file')
  await ok('volume', 'rm', 'vol')
  const lines = await ok(
    'system',
    'events',
    '--no-stream',
    '--filter',
    'type=volume',
    '--since',
    '1h',
  )
  t.match(lines, / volume destroy vol \(driver=local\)$/)
})
