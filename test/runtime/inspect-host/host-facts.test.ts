import { readFileSync } from 'node:fs'
import { arch, release } from 'node:os'
import t from 'tap'
import { capabilityNames } from '../../../runtime/inspect-host/capability-names.ts'
import {
  countCpuList,
  isAtLeast,
  parseKernelRelease,
  readHostDetails,
  readHostFacts,
  statusField,
} from '../../../runtime/inspect-host/host-facts.ts'

const releases: { text: string; major: number; minor: number }[] = [
  { text: '6.18.44-fc-v669', major: 6, minor: 18 },
  { text: '5.15.0-105-generic', major: 5, minor: 15 },
  { text: '4.9', major: 4, minor: 9 },
  { text: 'strange', major: 0, minor: 0 },
]
for (const { text, major, minor } of releases)
  t.test(`release ${text}`, async (t) => t.match(parseKernelRelease(text), { major, minor }))

t.test('versions are compared as numbers', async (t) => {
  const kernel = parseKernelRelease('6.2.0')
  t.ok(isAtLeast(kernel, 5, 19))
  t.ok(isAtLeast(kernel, 6, 2))
  t.notOk(isAtLeast(kernel, 6, 12))
})

for (const [list, count] of [
  ['0-3,8', 5],
  ['0', 1],
  ['', 0],
] as const)
  t.test(`CPU list ${JSON.stringify(list)}`, async (t) => t.equal(countCpuList(list), count))

t.test('status fields', async (t) => {
  const status = 'Name:\tUid:\nUid:\t1\t2\nCapEff:\tff\n'
  t.equal(statusField(status, 'Name'), 'Uid:')
  t.equal(statusField(status, 'Uid'), '1\t2')
  t.equal(statusField(status, 'CapEff'), 'ff')
  t.equal(statusField(status, 'Cap'), '')
})

t.test('capability masks', async (t) => {
  t.same(capabilityNames(0b1000_0001n), ['CAP_CHOWN', 'CAP_SETUID'])
  t.same(capabilityNames(1n << 40n), ['CAP_CHECKPOINT_RESTORE'])
  t.same(capabilityNames(1n << 40n, 39), [])
})

t.test('the present host', async (t) => {
  const facts = readHostFacts()
  t.equal(facts.kernel.release, release())
  t.equal(facts.architecture, arch() === 'arm64' ? 'aarch64' : 'x86_64')
  t.equal(facts.euid, process.geteuid?.())
  t.equal(facts.umask, process.umask())
  t.ok(JSON.stringify(facts), 'plain data')
  t.ok(readHostDetails(facts.kernel).onlineCpus >= 1)
  const mask = BigInt(`0x${statusField(readFileSync('/proc/self/status', 'utf8'), 'CapEff')}`)
  t.equal(facts.capabilities.includes('CAP_SYS_ADMIN'), ((mask >> 21n) & 1n) === 1n)
})
