import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import {
  claimName,
  findName,
  releaseName,
  sweepNames,
} from '../../../runtime/container/name-registry.ts'

const alice = 'a'.repeat(64)
const bob = 'b'.repeat(64)
const nobodyIsMade = () => false

function registry(t: { testdir(): string }, existing: readonly string[] = []) {
  const root = t.testdir()
  const folders = { runDir: join(root, 'run'), dataDir: join(root, 'data'), root }
  for (const id of existing) mkdirSync(join(folders.dataDir, 'containers', id), { recursive: true })
  return folders
}

t.test('a name is claimed once', async (t) => {
  const folders = registry(t, [alice])
  claimName(folders, 'web', alice, nobodyIsMade)
  t.equal(findName(folders, 'web'), alice)
  t.throws(() => claimName(folders, 'web', bob, nobodyIsMade), { code: 'ALREADY_EXISTS' })
  t.equal(findName(folders, 'web'), alice, 'the holder keeps it')
})

t.test('a name whose container is gone is taken over', async (t) => {
  const folders = registry(t)
  claimName(folders, 'web', alice, nobodyIsMade)
  claimName(folders, 'web', bob, nobodyIsMade)
  t.equal(findName(folders, 'web'), bob)
})

t.test('a name whose container is just being made is not', async (t) => {
  const folders = registry(t)
  claimName(folders, 'web', alice, nobodyIsMade)
  t.throws(() => claimName(folders, 'web', bob, (id) => id === alice), { code: 'ALREADY_EXISTS' })
})

t.test('a name whose container is just being removed is not', async (t) => {
  const folders = registry(t, [`.removing-${alice}`])
  claimName(folders, 'web', alice, nobodyIsMade)
  t.throws(() => claimName(folders, 'web', bob, nobodyIsMade), { code: 'ALREADY_EXISTS' })
  sweepNames(folders, nobodyIsMade)
  t.equal(findName(folders, 'web'), alice, 'it gives the name back itself')
})

t.test('only its holder releases a name', async (t) => {
  const folders = registry(t, [alice])
  claimName(folders, 'web', alice, nobodyIsMade)
  releaseName(folders, 'web', bob)
  t.equal(findName(folders, 'web'), alice)
  releaseName(folders, 'web', alice)
  t.equal(findName(folders, 'web'), undefined)
  releaseName(folders, 'web', alice)
})

t.test('of many commands at once one has the name at any moment', async (t) => {
  const { root } = registry(t)
  const script = join(import.meta.dirname, 'claim-names.ts')
  const contenders = Array.from('abcdef').map((prefix) => {
    const child = spawn(process.execPath, [script, root, prefix])
    let said = ''
    child.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()))
    child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()))
    return {
      child,
      ready: once(child.stdout, 'data'),
      closed: once(child, 'close'),
      said: () => said,
    }
  })
  await Promise.all(contenders.map(({ ready }) => ready))
  for (const { child } of contenders) child.stdin.end('go')
  await Promise.all(contenders.map(({ closed }) => closed))
  const lines = contenders.flatMap(({ said }) => said().trim().split('\n'))
  t.ok(lines.filter((line) => line === 'held').length > 150, 'it went from hand to hand')
  t.strictSame(
    lines.filter((line) => line !== 'held' && line !== 'ready'),
    [],
    'and was never in two',
  )
})
