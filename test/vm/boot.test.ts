import t from 'tap'
import { runInVm } from './harness/run-in-vm.ts'
import { readTap } from './harness/read-tap.ts'

t.setTimeout(300_000)

t.test('a guest runs the pinned Node on pure cgroup v2', async (t) => {
  const script =
    'node_modules/.bin/node --version; exec node_modules/.bin/node test/vm/guest/facts.ts'
  const guest = await runInVm({ script, deadlineMs: 180_000 })
  t.equal(guest.exitCode, 0, 'exit code', { console: guest.console, output: guest.output })
  t.match(guest.output, new RegExp(`^${process.version}$`, 'm'))
  const facts = readTap(guest.output)
  for (const { name, ok } of facts) t.ok(ok, `in the guest: ${name}`)
  t.ok(facts.length >= 13, 'every fact was checked')
})

t.test('a guest that does not end is ended at its deadline', async (t) => {
  const guest = await runInVm({ script: 'sleep infinity', deadlineMs: 1_000 })
  t.match(guest, { isTimedOut: true, exitCode: undefined })
})
