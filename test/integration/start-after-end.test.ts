import { existsSync } from 'node:fs'
import t from 'tap'
import { containerFolder } from '../../runtime/container/container-folder.ts'
import { openContext } from '../../runtime/container/open-engine.ts'
import { readState } from '../../runtime/container/read-state.ts'
import { resolveContainer } from '../../runtime/container/record-store.ts'
import { startContainer } from '../../runtime/container/start.ts'
import { readStartRecord } from '../../runtime/container/start-record.ts'
import { commandBench } from './command-line.ts'

const bench = commandBench(t)

t.test('a start right after the end waits for the clean-up of the run before', async (t) => {
  await bench.ok('run', '-d', '--name', 'again', 'host', 'sleep', 'infinity')
  // Not by the command line: what counts is how little time there is in between.
  const context = openContext(bench.root, { PATH: process.env['PATH'] })
  const record = resolveContainer(context.folders, 'again')
  let stillCleaning = 0
  for (let round = 0; round < 20; round++) {
    process.kill(readState(context.folders, record).pid, 'SIGKILL')
    let state = readState(context.folders, record)
    while (state.status !== 'exited') state = readState(context.folders, record)
    if (state.monitorPid !== 0) stillCleaning++
    await startContainer(context, record, { hold: false })
    const leases = readStartRecord(containerFolder(context.folders, record.id))?.leases ?? []
    if (!leases.every((lease) => existsSync(lease))) t.fail('the new run keeps its leases')
    if (readState(context.folders, record).status !== 'running') t.fail('the new run goes on')
  }
  t.ok(stillCleaning > 0, 'the moment was met')
})
