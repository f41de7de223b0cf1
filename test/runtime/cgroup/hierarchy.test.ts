import t from 'tap'
import { cgroupMode, parseCgroupMounts, parseOwnV2Path } from '../../../runtime/cgroup/hierarchy.ts'
import { readHierarchy } from '../../../runtime/cgroup/read-hierarchy.ts'

const v2Line = '30 23 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate'
const v1Line = '33 31 0:30 / /cg/cpu,cpuacct ro,relatime - cgroup cgroup rw,cpu,cpuacct'
const namedLine = '40 31 0:37 / /cg/systemd rw - cgroup cgroup rw,xattr,name=systemd'
const otherLine = '23 1 0:20 / /with\\040space rw - ext4 /dev/x - cgroup'

const modes: { name: string; lines: string[]; want: string }[] = [
  { name: 'pure v2', lines: [v2Line], want: 'v2' },
  { name: 'v2 with the named systemd hierarchy is pure', lines: [v2Line, namedLine], want: 'v2' },
  { name: 'hybrid', lines: [v2Line, v1Line], want: 'hybrid' },
  { name: 'v1', lines: [v1Line, namedLine], want: 'v1' },
  { name: 'nothing', lines: [otherLine], want: 'none' },
]
for (const { name, lines, want } of modes)
  t.test(name, async (t) => t.equal(cgroupMode(parseCgroupMounts(lines.join('\n'))), want))

t.test('co-mounted controllers, read-only, escaped paths', async (t) => {
  const escaped = v2Line.replace('/sys/fs/cgroup', String.raw`/a\040b`)
  t.same(parseCgroupMounts(`${v1Line}\n${escaped}\n`), [
    {
      mountPoint: '/cg/cpu,cpuacct',
      version: 'v1',
      readOnly: true,
      controllers: ['cpu', 'cpuacct'],
    },
    { mountPoint: '/a b', version: 'v2', readOnly: false, controllers: [] },
  ])
})

t.test('own v2 group', async (t) => {
  t.equal(parseOwnV2Path('4:memory:/a\n0::/user.slice/b\n'), '/user.slice/b')
  t.equal(parseOwnV2Path('4:memory:/a\n'), undefined)
})

t.test('the present host can be read', async (t) => {
  t.match(readHierarchy(), { mode: /^(v2|hybrid|v1|none)$/ })
})
