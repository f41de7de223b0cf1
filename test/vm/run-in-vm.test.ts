import t from 'tap'
import { runInVm } from './harness/run-in-vm.ts'

t.setTimeout(300_000)

t.test('a guest that does not end is ended at its deadline', async (t) => {
  const guest = await runInVm({ script: 'sleep infinity', deadlineMs: 1_000 })
  t.match(guest, { isTimedOut: true, exitCode: undefined })
})
