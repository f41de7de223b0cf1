import { execFileSync, spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'

const root = join(import.meta.dirname, '../..')

/** A checkout of its own with the real runner in it and these test files for its unit suite. */
function makeCheckout(folder: string, files: Readonly<Record<string, string>>): void {
  mkdirSync(join(folder, 'test/native'), { recursive: true })
  mkdirSync(join(folder, 'dist'))
  cpSync(join(root, 'scripts'), join(folder, 'scripts'), { recursive: true })
  cpSync(join(root, 'package.json'), join(folder, 'package.json'))
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'))
  for (const [name, source] of Object.entries(files))
    writeFileSync(join(folder, 'test/native', `${name}.test.ts`), source)
  writeFileSync(join(folder, 'dist/libmycontainer-ffi.so'), '') // newer than all above: not stale
}

interface Outcome {
  readonly code: number | null
  readonly lastLine: string | undefined
  readonly output: string
}

function runTests(folder: string, suites: readonly string[], timeoutSeconds = 60): Outcome {
  const { status, stdout, stderr } = spawnSync('node', ['scripts/test.mjs', ...suites], {
    cwd: folder,
    encoding: 'utf8',
    env: { ...process.env, TEST_TIMEOUT_SECONDS: String(timeoutSeconds) },
  })
  const lines = stdout.trimEnd().split('\n')
  return { code: status, lastLine: lines.at(-1), output: `${stdout}${stderr}` }
}

const tap = "import t from 'tap'\n"
const rows: {
  name: string
  files: Record<string, string>
  code: number
  lastLine: string | RegExp
  says?: RegExp
  timeoutSeconds?: number
}[] = [
  {
    name: 'leaf assertions are counted, subtests are not',
    files: { a: `${tap}t.test('x', async (t) => { t.ok(1); t.ok(1) })\nt.ok(1)` },
    code: 0,
    lastLine: '3 passed, 0 failed',
    says: /^ok {3}test\/native\/a\.test\.ts {2}3 passed/m,
  },
  {
    name: 'a failed assertion is shown with its diagnostics',
    files: {
      a: `${tap}t.test('x', async (t) => { t.ok(1); t.equal(1, 2, 'sums') })`,
      b: `${tap}t.ok(1)`,
    },
    code: 1,
    lastLine: '2 passed, 1 failed',
    says: /# Subtest: x\n.*not ok 2 - sums\n(.*\n)+.*a\.test\.ts/,
  },
  {
    name: 'an exception fails its subtest once',
    files: { a: `${tap}t.test('x', async () => { throw new Error('lost') })` },
    code: 1,
    lastLine: '0 passed, 1 failed',
    says: /lost/,
  },
  {
    name: 'a file that does not parse fails',
    files: { a: 'const = 1' },
    code: 1,
    lastLine: '0 passed, 2 failed', // it exits 1 and it ran nothing
    says: /SyntaxError/,
  },
  {
    name: 'a file without assertions fails',
    files: { a: '' },
    code: 1,
    lastLine: '0 passed, 1 failed',
  },
  {
    name: 'a skipped assertion fails the run and is counted',
    files: { a: `${tap}t.ok(1)\nt.test('later', { skip: 'why' }, async () => {})` },
    code: 1,
    lastLine: '1 passed, 0 failed, 1 skipped',
  },
  {
    name: 'a hang ends with the name of the file',
    files: {
      a: `${tap}t.ok(1)\nt.test('waits', () => new Promise(() => setInterval(() => {}, 1e6)))`,
    },
    timeoutSeconds: 2,
    code: 1,
    lastLine: /^[01] passed, [12] failed$/, // a busy machine may not get to the assertion
    says: /a\.test\.ts timed out/,
  },
  {
    name: 'a process left behind with the output open is found and ended',
    files: {
      a: `${tap}import { spawn } from 'node:child_process'
          spawn('sleep', ['1234567'], { stdio: 'inherit' }).unref()\nt.ok(1)`,
    },
    code: 1,
    lastLine: '1 passed, 1 failed',
    says: /left processes behind/,
  },
  {
    name: 'a file that passes when it is run again is named, with what failed at first',
    files: {
      a: `${tap}import { existsSync, writeFileSync } from 'node:fs'
        t.ok(existsSync('once'), 'the second time')\nwriteFileSync('once', '')`,
      b: `${tap}t.ok(1)`,
    },
    code: 0,
    lastLine: '2 passed, 0 failed',
    says: /failed: the second time\n(.*\n)+UNSTABLE in unit: .*: test\/native\/a\.test\.ts\n(.*\n)+unit .* run again: test/,
  },
  {
    name: 'of many failures none is run again',
    files: Object.fromEntries(
      ['a', 'b', 'c'].map((name) => [
        name,
        `${tap}import { existsSync, writeFileSync } from 'node:fs'
          t.ok(existsSync('${name}'))\nwriteFileSync('${name}', '')`,
      ]),
    ),
    code: 1,
    lastLine: '0 passed, 3 failed',
  },
  { name: 'a suite without files fails', files: {}, code: 1, lastLine: '0 passed, 1 failed' },
]

for (const { name, files, code, lastLine, says, timeoutSeconds } of rows)
  t.test(name, async (t) => {
    const folder = t.testdir()
    makeCheckout(folder, files)
    const outcome = runTests(folder, ['unit'], timeoutSeconds)
    t.match(outcome, { code, lastLine }, outcome.output)
    if (says) t.match(outcome.output, says)
  })

t.test('an unknown suite is named', async (t) => {
  const outcome = runTests(root, ['units'])
  t.equal(outcome.code, 2)
  t.match(outcome.output, /"units"/)
})

t.test('the continuous integration script is npm test and nothing else', async (t) => {
  const script = join(root, '.ci/run')
  execFileSync('bash', ['-n', script])
  t.equal(readFileSync(script, 'utf8').trimEnd().split('\n').at(-1), 'npm test')
})
