import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { commandBench } from './command-line.ts'

// State files that somebody changed from outside: one bad container must not hide the others.

const bench = commandBench(t)
const { ok, run } = bench

function damage(id: string, file: string): void {
  writeFileSync(join(bench.root, 'data/containers', id, file), '{"b')
}

t.test('a damaged start record', async (t) => {
  const other = (await ok('create', '--name', 'other', 'host', 'true')).trim()
  const id = (await ok('run', '-d', '--name', 'bad', 'host', 'sleep', '1000')).trim()
  const pid = Number(await ok('inspect', '-f', '{{.State.Pid}}', 'bad'))
  damage(id, 'start.json')
  const listing = await ok('ps', '-a', '--no-trunc', '--format', '{{.ID}} {{.Status}}')
  t.match(listing, `${other} Created`)
  t.match(listing, `${id} Dead`)
  t.equal((await run('rm', 'bad')).exitCode, 1, 'it still runs, so it takes force')
  await ok('rm', '-f', 'bad')
  t.notOk(existsSync(`/proc/${pid}`), 'its process is gone as well')
  await ok('rm', 'other')
})

t.test('a damaged record', async (t) => {
  const other = (await ok('create', '--name', 'other', 'host', 'true')).trim()
  const id = (await ok('create', '--name', 'bad', 'host', 'true')).trim()
  damage(id, 'record.json')
  t.equal((await ok('ps', '-aq', '--no-trunc')).trim(), other)
  const { exitCode, stderr } = await run('inspect', 'bad')
  t.not(exitCode, 0)
  t.match(stderr, 'record.json', 'who names it is told which file it is')
  await ok('rm', 'other')
})
