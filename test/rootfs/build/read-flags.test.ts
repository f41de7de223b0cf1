import t from 'tap'
import { readOutput } from '../../../rootfs/build/output-wish.ts'
import { formatPlatform } from '../../../rootfs/copy/choose-platform.ts'
import { parsePlatform } from '../../../rootfs/build/plan/platform.ts'
import {
  readBuildArgs,
  readBytes,
  readCachePlace,
  readTimestamp,
  readHosts,
  readLimits,
  readPairs,
  readSecrets,
} from '../../../rootfs/build/read-flags.ts'

t.test('build arguments', async (t) => {
  const args = readBuildArgs(['A=1', 'B=x=y', 'C', 'D', 'E='], { C: 'here' })
  t.strictSame(Object.fromEntries(args), { A: '1', B: 'x=y', C: 'here', E: '' })
})

t.test('labels', async (t) => {
  t.strictSame(readPairs('--label', ['a=1', 'b', 'a=2']), { a: '2', b: '' })
})

t.test('secrets', async (t) => {
  const secrets = readSecrets(['id=a,env=V', 'id=V', 'id=c,type=env,src=V'], { V: 'v' })
  t.strictSame(
    [...secrets].map(([id, content]) => [id, content.toString()]),
    [
      ['a', 'v'],
      ['V', 'v'],
      ['c', 'v'],
    ],
  )
})

const platforms: [text: string, want: string][] = [
  ['linux/amd64', 'linux/amd64'],
  ['amd64', 'linux/amd64'],
  ['x86_64', 'linux/amd64'],
  ['linux/aarch64', 'linux/arm64'],
  ['linux/arm64/v8', 'linux/arm64'],
  ['arm', 'linux/arm/v7'],
  ['arm/v6', 'linux/arm/v6'],
  ['linux/riscv64', 'linux/riscv64'],
]

for (const [text, want] of platforms)
  t.test(`the platform ${text}`, async (t) => {
    t.equal(formatPlatform(parsePlatform(text)), want)
  })

const outputs: [text: string, want: object][] = [
  ['out', { type: 'local', destination: 'out' }],
  ['-', { type: 'tar', destination: '-' }],
  ['type=tar', { type: 'tar', destination: '-' }],
  ['type=oci,dest=a.tar', { type: 'oci', destination: 'a.tar' }],
  ['type=docker,dest=a.tar', { type: 'docker', destination: 'a.tar' }],
  ['type=local,dest=d', { type: 'local', destination: 'd' }],
]

for (const [text, want] of outputs)
  t.test(`the output ${text}`, async (t) => {
    t.strictSame(readOutput(text), want)
  })

t.test('hosts', async (t) => {
  t.strictSame(readHosts(['a:1.2.3.4', 'b=::1', 'c:[::1]']), [
    { name: 'a', address: '1.2.3.4' },
    { name: 'b', address: '::1' },
    { name: 'c', address: '::1' },
  ])
})

t.test('limits', async (t) => {
  t.strictSame(readLimits(['nofile=1:2', 'nproc=3']), [
    { name: 'nofile', soft: 1, hard: 2 },
    { name: 'nproc', soft: 3, hard: 3 },
  ])
})

t.test('times, sizes and places', async (t) => {
  t.equal(readTimestamp('5', '7'), 5)
  t.equal(readTimestamp(undefined, '7'), 7)
  t.equal(readTimestamp(undefined, ''), undefined)
  t.equal(readBytes('--memory', '1.5k'), 1536)
  t.equal(readBytes('--memory', '2GiB'), 2 ** 31)
  t.equal(readCachePlace('--cache-to', 'type=registry,ref=a/b:c,mode=max'), 'a/b:c')
})

const refused: [name: string, read: () => unknown][] = [
  ['a build argument without a name', () => readBuildArgs(['=1'], {})],
  ['a label without a name', () => readPairs('--label', ['=1'])],
  ['a secret without an id', () => readSecrets(['src=x'], {})],
  ['a secret of a variable that is not set', () => readSecrets(['id=a,env=V'], {})],
  ['another system', () => parsePlatform('windows/amd64')],
  ['a platform of another language', () => parsePlatform('linux/../x')],
  ['an unknown output', () => readOutput('type=zip,dest=x')],
  ['an output without a folder', () => readOutput('type=local')],
  ['a host without an address', () => readHosts(['a'])],
  ['an address that is none', () => readHosts(['a:b c'])],
  ['a time that is none', () => readTimestamp('yesterday', undefined)],
  ['a size that is none', () => readBytes('--memory', 'much')],
  ['a limit without a name', () => readLimits(['100'])],
  ['a cache of another kind', () => readCachePlace('--cache-to', 'type=gha')],
]

for (const [name, read] of refused)
  t.test(`refuses ${name}`, async (t) => {
    t.throws(read, { code: 'INVALID_ARGUMENT' })
  })
