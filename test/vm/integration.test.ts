import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { buildAttack } from '../integration/attack.ts'
import { readTap } from './harness/read-tap.ts'
import { runInVm } from './harness/run-in-vm.ts'

// The integration suite once more, in a guest: a kernel with cgroup v2 alone, and no other host.
// Emulation is slow, so what a guest cannot show better than this host may stay here.

const checkout = join(import.meta.dirname, '../..')

/** Files that do not run in the guest, by the reason. A guest's Node takes seconds to start. */
const reasons: Readonly<Record<string, readonly string[]>> = {
  'compares times, or waits for a deadline that emulation does not keep': [
    'engine.test.ts',
    'life-cycle-killed.test.ts',
    'life-cycle-policies.test.ts',
    'life-cycle-terminal.test.ts',
    'security-races.test.ts',
    'security-runtime-binary.test.ts',
  ],
  'hundreds of commands, each a start of Node: more than the ten minutes there are, and nothing in it depends on the kernel or on cgroup v2':
    [
      'api.test.ts',
      'bad-input.test.ts',
      'both-ways.test.ts',
      'copy.test.ts',
      'diff.test.ts',
      'explain-run.test.ts',
      'explains-failures.test.ts',
      'fault-injection.test.ts',
      'leaks.test.ts',
      'life-cycle-inspection.test.ts',
      'life-cycle-logs.test.ts',
      'life-cycle-run.test.ts',
      'life-cycle-states.test.ts',
      'network-cli.test.ts',
      'network-names.test.ts',
      'option-process.test.ts',
      'option-storage.test.ts',
      'rootless.test.ts',
      'security-users.test.ts',
      'volumes.test.ts',
    ],
  'runs image layers in a user namespace, which needs Linux 6.13; the guest has 6.1': [
    'option-namespaces.test.ts',
    'program-run.test.ts',
    'security-privileges.test.ts',
  ],
}

const excluded = new Set(Object.values(reasons).flat())

/** The image tool: it depends on no cgroup, and the guest has none of the peers that it is compared with. */
const isAboutImages = /^(?:build|image|registry|tasknote)(?!-run)/

const names = readdirSync(join(checkout, 'test/integration'), { recursive: true, encoding: 'utf8' })
const files = names
  .filter((name) => name.endsWith('.test.ts') && !excluded.has(name) && !isAboutImages.test(name))
  .map((name) => `test/integration/${name}`)
  .toSorted()

/** What one file printed and how it ended; undefined when the guest did not get to its end. */
function findBlock(output: string, file: string): { text: string; ending: string } | undefined {
  const begin = `@begin ${file}\n`
  const from = output.indexOf(begin)
  const to = output.indexOf(`\n@end ${file} `, from)
  if (from < 0 || to < 0) return undefined
  const [ending = ''] = output.slice(to + `\n@end ${file} `.length).split(' ')
  return { text: output.slice(from + begin.length, to), ending }
}

t.setTimeout(900_000)

t.test('each excluded file exists', async (t) => {
  for (const name of excluded) t.ok(names.includes(name), name)
  t.ok(files.length > 0, 'there are files to run')
})

t.test('integration files in a guest', async (t) => {
  if (files.length === 0) return
  buildAttack() // The guest has no compiler.
  const script = `exec node_modules/.bin/node test/vm/guest/run-files.ts ${files.join(' ')}`
  const guest = await runInVm({
    script,
    deadlineMs: 840_000,
    memoryMib: 2048,
    // Standard error is for people who watch; standard output is this file's own TAP.
    onLine: (line) => {
      if (/^@(begin|end) /.test(line)) process.stderr.write(`${line}\n`)
    },
  })
  t.equal(guest.isTimedOut, false, 'the guest ended by itself')
  for (const file of files)
    await t.test(file, async (t) => {
      const block = findBlock(guest.output, file)
      if (!block) return t.fail('the guest did not get to its end', { console: guest.console })
      for (const { name, ok, isSkipped, diagnostic } of readTap(block.text)) {
        t.ok(ok, name, { inTheGuest: diagnostic })
        t.notOk(isSkipped, 'skipped in the guest')
      }
      return t.equal(block.ending, '0', 'exit code', { output: block.text.slice(-4_000) })
    })
})
