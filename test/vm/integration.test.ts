import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { buildAttack } from '../integration/attack.ts'
import { readTap } from './harness/read-tap.ts'
import { runInVm } from './harness/run-in-vm.ts'

// The integration suite once more, in a guest: a kernel with cgroup v2 alone, and no other host.
// Emulation is slow: two files run at once, an engine serves their commands, deadlines are further away, and what a guest cannot
// show better than this host stays here.

const checkout = join(import.meta.dirname, '../..')

/** Files that do not run in the guest, by the reason; a pattern stands for all that it matches. */
const reasons: Readonly<Record<string, readonly (string | RegExp)[]>> = {
  'compares times, waits for a moment that emulation passes by, or types into a terminal that it does not keep up with':
    [
      'api.test.ts',
      'engine.test.ts',
      'life-cycle-killed.test.ts',
      'life-cycle-policies.test.ts',
      'life-cycle-terminal.test.ts',
      'network-names.test.ts',
      'security-exec.test.ts',
      'security-races.test.ts',
      'security-runtime-binary.test.ts',
    ],
  'takes minutes in the guest, and nothing in it depends on the kernel or on cgroup v2': [
    'bad-input.test.ts',
    'compose.test.ts',
    'compose-commands.test.ts',
    'both-ways.test.ts',
    'completion.test.ts',
    'copy.test.ts',
    'docker-api-fuzz.test.ts',
    'exhausted-host.test.ts',
    'explain-run.test.ts',
    'explains-failures.test.ts',
    'fault-injection.test.ts',
    'image-host.test.ts',
    'kube-play.test.ts',
    'leaks.test.ts',
    'life-cycle-inspection.test.ts',
    'life-cycle-logs.test.ts',
    'life-cycle-run.test.ts',
    'network-ahead.test.ts',
    'network-cli.test.ts',
    'network-connect.test.ts',
    'network-drivers.test.ts',
    'network-ipv6.test.ts',
    'oci-hooks.test.ts',
    'oci-killed.test.ts',
    'oci-options.test.ts',
    'oci-process.test.ts',
    'option-podman.test.ts',
    'option-process.test.ts',
    'option-storage.test.ts',
    'pods.test.ts',
    'security-users.test.ts',
    'security-engine.test.ts',
    'security-file-labels.test.ts',
    'security-restore.test.ts',
    'secrets.test.ts',
    'selftest.test.ts',
    'start-after-end.test.ts',
    'volume-options.test.ts',
    'volumes.test.ts',
    'wishes-of-podman.test.ts',
  ],
  'takes half a minute in the guest, and shows there what it shows on the host': [
    'audit.test.ts',
    'damaged-state.test.ts',
    'oci-failed-program.test.ts',
    'path-races.test.ts',
    'security-root-links.test.ts',
    'security-state.test.ts',
  ],
  'runs image layers in a user namespace, which needs Linux 6.13; the guest has 6.1': [
    'idmapped-volumes.test.ts',
    'option-namespaces.test.ts',
    'program-run.test.ts',
    'security-privileges.test.ts',
  ],
  'needs Linux 6.12, whose Landlock has scopes; the guest has 6.1': ['security-landlock.test.ts'],
  'is about images, registries and builds, which run on the same runtime': [
    /^(?:build|image|registry|tasknote)[.-]/,
  ],
  'runs programs of systemd, which the guest does not have': [
    'oci-systemd.test.ts',
    'packaged-units.test.ts',
  ],
  'runs CRIU, which the guest does not have': ['oci-checkpoint.test.ts'],
  'runs engines that the guest does not have': [
    'diff.test.ts',
    'docker-api.test.ts',
    'oci-docker.test.ts',
    'oci-engines.test.ts',
  ],
}

const excluded = Object.values(reasons).flat()

function isExcluded(name: string): boolean {
  return excluded.some((one) => (typeof one === 'string' ? one === name : one.test(name)))
}

/** What only a guest can show. */
const guestFiles = ['test/vm/guest/facts.ts', 'test/vm/guest/delegated-limits.ts']

/** Takes as long as all that another process runs beside it: it must not be what the guest waits for at its end. */
const longest = 'rootless.test.ts'

const names = readdirSync(join(checkout, 'test/integration'), { recursive: true, encoding: 'utf8' })
const files = [
  ...guestFiles,
  ...names
    .filter((name) => name.endsWith('.test.ts') && !isExcluded(name))
    .toSorted((a, b) => Number(b === longest) - Number(a === longest) || a.localeCompare(b))
    .map((name) => `test/integration/${name}`),
]

/**
 * What one file printed and how it ended; undefined when the guest did not get to its end.
 *
 * @param word `again` for the first run of a file that was run again
 */
function findBlock(
  output: string,
  file: string,
  word: 'begin' | 'again' = 'begin',
): { text: string; ending: string } | undefined {
  const begin = `@${word} ${file}\n`
  const from = output.indexOf(begin)
  const to = output.indexOf(`\n@end ${file} `, from)
  if (from < 0 || to < 0) return undefined
  const [ending = ''] = output.slice(to + `\n@end ${file} `.length).split(' ')
  return { text: output.slice(from + begin.length, to), ending }
}

/** What failed in the first run of a file that was run again. */
function findFirstFailures(output: string, file: string): string[] {
  const block = findBlock(output, file, 'again')
  if (!block) return []
  return readTap(block.text)
    .filter(({ ok }) => !ok)
    .map(({ name }) => name)
}

t.setTimeout(900_000)

t.test('each excluded file exists', async (t) => {
  for (const one of excluded)
    t.ok(
      names.some((name) => (typeof one === 'string' ? one === name : one.test(name))),
      String(one),
    )
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
    // For people who watch; a report of failures has no room for it.
    onLine: (line) => {
      if (process.stderr.isTTY && /^@(begin|end|again) /.test(line))
        process.stderr.write(`${line}\n`)
    },
  })
  t.equal(guest.isTimedOut, false, 'the guest ended by itself')
  for (const file of files)
    await t.test(file, async (t) => {
      const block = findBlock(guest.output, file)
      if (!block) return t.fail('the guest did not get to its end', { console: guest.console })
      for (const name of findFirstFailures(guest.output, file))
        t.comment(`failed in a first run, beside another file: ${name}`)
      for (const { name, ok, isSkipped, diagnostic } of readTap(block.text)) {
        t.ok(ok, name, { inTheGuest: diagnostic })
        t.notOk(isSkipped, 'skipped in the guest')
      }
      return t.equal(block.ending, '0', 'exit code', { output: block.text.slice(-4_000) })
    })
})
