import t from 'tap'
import { parseFlags } from '../../../runtime/cli/flag-parser.ts'
import { updateCommand } from '../../../runtime/oci/cli/update.ts'
import { resourcesFromFlags } from '../../../runtime/oci/update-request.ts'

function resources(...words: string[]): ReturnType<typeof resourcesFromFlags> {
  const { flags } = parseFlags(words, updateCommand.flags, {
    command: 'update',
    interspersed: true,
  })
  return resourcesFromFlags(flags)
}

t.test('flags of update as linux.resources', async (t) => {
  const cases: [string[], object][] = [
    [['--memory', '64m'], { memory: { limit: 64 << 20 } }],
    [['--memory=1.5g'], { memory: { limit: 1.5 * 2 ** 30 } }],
    [['--memory-swap', '-1'], { memory: { swap: -1 } }],
    [['--memory', '1000'], { memory: { limit: 1000 } }],
    [['--cpu-quota', '5000', '--cpu-period', '10000'], { cpu: { quota: 5000, period: 10_000 } }],
    [['--pids-limit', '-1'], { pids: { limit: -1 } }],
    [['--cpuset-cpus', '0-1'], { cpu: { cpus: '0-1' } }],
    [['--blkio-weight', '100'], { blockIO: { weight: 100 } }],
  ]
  for (const [words, wanted] of cases) t.match(resources(...words), wanted, words.join(' '))
  for (const size of ['x', '-2', '1q', '', '1e9'])
    t.throws(() => resources(`--memory=${size}`), { code: 'INVALID_ARGUMENT' }, size)
})
