import t from 'tap'
import { parseFlags } from '../../../runtime/cli/flag-parser.ts'
import { alias, flag } from '../../../runtime/cli/flag-spec.ts'
import { editDistance } from '../../../rootfs/edit-distance.ts'
import { nearest } from '../../../runtime/cli/nearest.ts'

const specs = [
  flag('bool', 'interactive,i', ''),
  flag('bool', 'tty,t', ''),
  flag('bool', 'rm', ''),
  flag('list', 'volume,v', ''),
  flag('string', 'memory,m', ''),
  flag('int', 'tail,n', ''),
  flag('number', 'cpus', ''),
  alias('string', 'mem', 'memory'),
]

const parse = (line: string, interspersed = false) =>
  parseFlags(line.split(' '), specs, { command: 'x', interspersed })

t.test('short flags together, values attached or apart', async (t) => {
  const { flags, args } = parse('-itv/a:/b -v /c --memory=5m image -it --rm')
  t.ok(flags.bool('interactive') && flags.bool('tty'))
  t.notOk(flags.bool('rm'), 'what follows the image is the program’s')
  t.strictSame(flags.list('volume'), ['/a:/b', '/c'])
  t.equal(flags.string('memory'), '5m')
  t.strictSame(args, ['image', '-it', '--rm'])
})

t.test('flags after arguments where they may stand', async (t) => {
  const { flags, args } = parse('a --rm b', true)
  t.ok(flags.bool('rm'))
  t.strictSame(args, ['a', 'b'])
})

t.test('-- ends the flags', async (t) => {
  const { flags, args } = parse('--rm -- --tty -', true)
  t.notOk(flags.bool('tty'))
  t.strictSame(args, ['--tty', '-'])
})

t.test('bool flags take a value with an equals sign', async (t) => {
  t.equal(parse('--rm=false').flags.bool('rm', true), false)
  t.equal(parse('-t=true').flags.bool('tty'), true)
})

t.test('another spelling, an empty value, the last one wins', async (t) => {
  t.equal(parse('--mem 1 --memory=').flags.string('memory'), '')
})

const rejected: { name: string; line: string; hint?: RegExp }[] = [
  { name: 'an unknown flag, with the nearest', line: '--memry 5m', hint: /--memory/ },
  { name: 'an unknown letter', line: '-ix' },
  { name: 'a missing value', line: '--memory' },
  { name: 'a missing value of a letter', line: '-m' },
  { name: 'a bool that is none', line: '--rm=maybe' },
  { name: 'an int that is none', line: '--tail=1.5' },
  { name: 'an int beyond 2^53', line: '--tail=9999999999999999' },
  { name: 'a number that is none', line: '--cpus=1e3' },
  { name: 'a property name', line: '--constructor' },
]

for (const { name, line, hint } of rejected) {
  t.test(`rejects ${name}`, async (t) => {
    t.throws(() => parse(line), { code: 'INVALID_ARGUMENT', ...(hint ? { hint } : {}) })
  })
}

t.test('nearest', async (t) => {
  t.equal(editDistance('abc', 'acb'), 1)
  t.equal(nearest('rnu', ['run', 'rm', 'ps']), 'run')
  t.equal(nearest('completely', ['run', 'rm']), undefined)
})
