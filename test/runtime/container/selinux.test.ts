import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { type SelinuxPlaces, selinuxLabels } from '../../../runtime/container/selinux.ts'

const id = 'ab'.repeat(32)
const none = { label: [], id }
const any = { label: ['role:system_r'], id }
const isOff: SelinuxPlaces = { kernel: '/nonexistent', policies: '/nonexistent' }

/** A host with SELinux, as the files of its policy describe it. */
const folder = t.testdir({
  kernel: { enforce: '1' },
  policies: {
    config: '# comment\nSELINUX=enforcing\nSELINUXTYPE=targeted\n',
    targeted: {
      contexts: {
        lxc_contexts:
          'process = "system_u:system_r:container_t:s0"\nfile = "system_u:object_r:container_file_t:s0"\n',
      },
    },
  },
})
const isOn: SelinuxPlaces = { kernel: join(folder, 'kernel'), policies: join(folder, 'policies') }

t.test('without SELinux nothing is labelled, and asking for it is refused', async (t) => {
  t.equal(selinuxLabels(none, isOff), undefined)
  t.equal(selinuxLabels({ ...none, label: ['disable'] }, isOff), undefined)
  for (const label of ['type:x_t', 'level:s0:c1'])
    t.throws(() => selinuxLabels({ ...none, label: [label] }, isOff), { code: 'UNSUPPORTED' })
})

t.test('unasked, nothing is labelled', async (t) => t.equal(selinuxLabels(none, isOn), undefined))

t.test('the types of the policy, and categories of the container’s own', async (t) => {
  const labels = selinuxLabels(any, isOn)
  t.match(labels?.process, /^system_u:system_r:container_t:s0:c\d+,c\d+$/)
  t.equal(
    labels?.mount.split(':').slice(3).join(':'),
    labels?.process.split(':').slice(3).join(':'),
  )
  const seen = new Set<string>()
  for (let number = 0; number < 500; number++) {
    const other = (number * 2_654_435_761).toString(16).padStart(12, '0').slice(-12).padEnd(64, '0')
    const level =
      selinuxLabels({ ...any, id: other }, isOn)
        ?.process.split(':')
        .at(-1) ?? ''
    const [first = NaN, second = NaN] = level.split(',').map((one) => Number(one.slice(1)))
    t.ok(first >= 0 && first < second && second < 1024, level)
    seen.add(level)
  }
  t.ok(seen.size > 400, 'others have others')
})

for (const { title, wish, want } of [
  { title: 'disable', wish: { label: ['disable'] }, want: undefined },
  {
    title: 'a type and a level',
    wish: { label: ['type:spc_t', 'level:s0:c5,c6'] },
    want: {
      process: 'system_u:system_r:spc_t:s0:c5,c6',
      mount: 'system_u:object_r:container_file_t:s0:c5,c6',
    },
  },
  {
    title: 'everything',
    wish: { label: ['user:u', 'role:r', 'type:t', 'filetype:f', 'level:s0'] },
    want: { process: 'u:r:t:s0', mount: 'system_u:object_r:f:s0' },
  },
])
  t.test(title, async (t) => t.strictSame(selinuxLabels({ ...none, ...wish }, isOn), want))

t.test('a policy without containers is no policy for them', async (t) => {
  const policies = t.testdir({ config: 'SELINUXTYPE=minimum\n' })
  mkdirSync(join(policies, 'minimum'))
  t.throws(() => selinuxLabels(any, { ...isOn, policies }), { code: 'UNSUPPORTED' })
  writeFileSync(join(policies, 'config'), 'SELINUXTYPE=../targeted\n')
  t.throws(() => selinuxLabels(any, { ...isOn, policies }), { code: 'UNSUPPORTED' })
})
