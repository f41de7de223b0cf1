import t from 'tap'
import {
  capabilityMask,
  capabilityNames,
  capabilitySets,
  chooseCapabilities,
  defaultCapabilities,
  findCapabilityNumber,
  parseCapability,
} from '../../../runtime/security/capabilities.ts'
import type { CapabilityOptions } from '../../../runtime/security/capabilities.ts'

t.test('the table', async (t) => {
  t.equal(capabilityNames.length, 41)
  t.equal(new Set(capabilityNames).size, 41)
  t.equal(findCapabilityNumber('CAP_CHOWN'), 0)
  t.equal(findCapabilityNumber('CAP_SYS_ADMIN'), 21)
  t.equal(findCapabilityNumber('CAP_MKNOD'), 27)
  t.equal(findCapabilityNumber('CAP_CHECKPOINT_RESTORE'), 40)
  t.equal(findCapabilityNumber('SYS_ADMIN'), undefined)
  t.equal(defaultCapabilities.length, 11)
  // CapBnd of a podman container, as /proc/PID/status shows it.
  t.equal(capabilityMask(defaultCapabilities), 0x800405fbn)
})

const names: { text: string; want: string }[] = [
  { text: 'NET_ADMIN', want: 'CAP_NET_ADMIN' },
  { text: 'cap_net_admin', want: 'CAP_NET_ADMIN' },
  { text: 'Sys_Time', want: 'CAP_SYS_TIME' },
  { text: 'all', want: 'ALL' },
  { text: 'CAP_ALL', want: 'ALL' },
]
for (const { text, want } of names)
  t.test(`${text} is ${want}`, async (t) => t.equal(parseCapability(text), want))

t.test('an unknown name is refused with the nearest one', async (t) => {
  const refused = { code: 'INVALID_ARGUMENT', detail: { name: 'NET_ADMN' } }
  t.throws(() => parseCapability('NET_ADMN'), { ...refused, hint: /CAP_NET_ADMIN/ })
  t.throws(() => parseCapability('FOO'), { code: 'INVALID_ARGUMENT', hint: /capabilities\(7\)/ })
  t.throws(() => parseCapability('xyzzy'), { code: 'INVALID_ARGUMENT' })
  t.throws(() => parseCapability(''), { code: 'INVALID_ARGUMENT' })
})

const without = (...dropped: string[]): string[] =>
  capabilityNames.filter((name) => !dropped.includes(name))
const defaults = capabilityNames.filter((name) => defaultCapabilities.includes(name))

const choices: { name: string; options: CapabilityOptions; want: string[] }[] = [
  { name: 'nothing asked', options: {}, want: defaults },
  { name: 'drop all', options: { drop: ['ALL'] }, want: [] },
  { name: 'drop all, add one', options: { drop: ['all'], add: ['kill'] }, want: ['CAP_KILL'] },
  { name: 'add all', options: { add: ['ALL'] }, want: [...capabilityNames] },
  {
    name: 'add all, drop one',
    options: { add: ['ALL'], drop: ['SYS_ADMIN'] },
    want: without('CAP_SYS_ADMIN'),
  },
  {
    name: 'drop one',
    options: { drop: ['CHOWN'] },
    want: defaults.filter((name) => name !== 'CAP_CHOWN'),
  },
  { name: 'privileged', options: { privileged: true, drop: ['ALL'] }, want: [...capabilityNames] },
  {
    name: 'an older kernel',
    options: { privileged: true, last: 37 },
    want: capabilityNames.slice(0, 38),
  },
  { name: 'other defaults', options: { defaults: ['CAP_KILL'] }, want: ['CAP_KILL'] },
]
for (const { name, options, want } of choices)
  t.test(name, async (t) => t.strictSame(chooseCapabilities(options), want))

t.test('CVE-2022-24769: the inheritable set stays empty', async (t) => {
  const sets = capabilitySets(['CAP_KILL'])
  t.strictSame(sets.inheritable, [])
  t.strictSame(sets.ambient, [])
  t.strictSame(sets.bounding, ['CAP_KILL'])
})

t.test('only what can be granted is granted', async (t) => {
  const grantable = defaultCapabilities.filter((name) => name !== 'CAP_KILL')
  t.notOk(chooseCapabilities({ grantable }).includes('CAP_KILL'))
  t.strictSame(chooseCapabilities({ privileged: true, grantable }).toSorted(), grantable.toSorted())
  t.strictSame(chooseCapabilities({ add: ['ALL'], grantable }).toSorted(), grantable.toSorted())
  t.throws(() => chooseCapabilities({ add: ['KILL'], grantable }), {
    code: 'UNSUPPORTED',
    detail: { name: 'CAP_KILL' },
  })
})
