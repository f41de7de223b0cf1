import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { buildContainerProgram } from './container-program.ts'
import { recordType, startZygote } from './zygote-client.ts'

const folder = mkdtempSync(join(tmpdir(), 'shim-monitor-'))
t.teardown(() => rmSync(folder, { recursive: true }))

t.test('a program runs, its exit code is recorded, its output logged', async (t) => {
  const zygote = startZygote()
  t.teardown(() => zygote.close())
  const options = { stateDir: folder, argv: ['/bin/sh', '-c', 'echo out; echo err >&2; exit 3'] }
  const monitor = { logFormat: 2 }
  zygote.send(buildContainerProgram({ ...options, logName: 'log', monitor }).build({ id: 99n }))
  const started = await zygote.next(recordType.exec)
  t.equal(started.id, 99n)
  const ended = await zygote.next(recordType.exit)
  t.equal(ended.value, 3)
  const log = readFileSync(join(folder, 'log'), 'utf8')
  t.match(log, /^\S+Z stdout F out$/m)
  t.match(log, /^\S+Z stderr F err$/m)
  t.match(JSON.parse(readFileSync(join(folder, 'exit'), 'utf8')), { exitCode: 3, signal: 0 })
})
