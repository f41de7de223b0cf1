import t from 'tap'
import type { AttackResult } from '../../runtime/selftest/try-attacks.ts'
import { commandBench } from './command-line.ts'

t.setTimeout(120_000)
const { run } = commandBench(t)

async function selftest(...words: string[]): Promise<{ code: number; results: AttackResult[] }> {
  const { exitCode, stdout } = await run('selftest', '--security', '--format', 'json', ...words)
  const lines = stdout.split('\n').filter(Boolean)
  return { code: exitCode, results: lines.map((line) => JSON.parse(line) as AttackResult) }
}

const titlesOf = (results: readonly AttackResult[], verdict: string): string[] =>
  results.filter((one) => one.verdict === verdict).map(({ title }) => title)

t.test('every attack is held, and got to its end', async (t) => {
  for (const flags of [[], ['--', '--userns', 'auto']]) {
    const { code, results } = await selftest(...flags)
    t.ok(results.length >= 29)
    t.strictSame(
      results.filter(({ verdict }) => verdict !== 'held'),
      [],
      flags.join(' '),
    )
    t.equal(code, 0)
  }
})

t.test('the attacks are real: where the defence is given away they get something', async (t) => {
  const { code, results } = await selftest('--', '--privileged', '--pid', 'host')
  t.equal(code, 1)
  const broken = titlesOf(results, 'broken').join('\n')
  for (const part of [
    'kernel settings',
    'masked files',
    'a device',
    'file systems are mounted',
    'new namespaces',
    'processes of the host',
    'capabilities over the machine',
    'the control groups of others',
    'what the whole machine does',
    'the machine is stopped',
  ])
    t.match(broken, part)
  const { results: unfiltered } = await selftest('--', '--security-opt', 'seccomp=unconfined')
  t.match(titlesOf(unfiltered, 'broken'), [/new namespaces/])
})

t.test('refused', async (t) => {
  t.match(await run('selftest'), { exitCode: 125, stderr: /--security/ })
  t.match(await run('selftest', '--security', '--', '--nope'), { exitCode: 125, stderr: /--nope/ })
})
