import t from 'tap'
import type { CgroupHierarchy } from '../../../runtime/cgroup/hierarchy.ts'
import { checkCapabilities } from '../../../runtime/inspect-host/doctor/check-capabilities.ts'
import { checkCgroups } from '../../../runtime/inspect-host/doctor/check-cgroups.ts'
import { checkKernel } from '../../../runtime/inspect-host/doctor/check-kernel.ts'
import { doctor, makeReport } from '../../../runtime/inspect-host/doctor/doctor.ts'
import type { Finding } from '../../../runtime/inspect-host/doctor/finding.ts'
import type { SyscallAnswer } from '../../../runtime/inspect-host/doctor/probe-syscalls.ts'
import { probeSyscalls } from '../../../runtime/inspect-host/doctor/probe-syscalls.ts'
import type { HostFacts } from '../../../runtime/inspect-host/host-facts.ts'
import { parseKernelRelease, readHostFacts } from '../../../runtime/inspect-host/host-facts.ts'

const none: CgroupHierarchy = {
  mode: 'none',
  v1: {},
  v1Writable: false,
  swapAccounting: true,
  deviceControl: 'none',
}

const host = readHostFacts()
const withFacts = (facts: Partial<HostFacts>): HostFacts => ({ ...host, rootless: false, ...facts })
const levelOf = (findings: readonly Finding[], name: string) =>
  findings.find((finding) => finding.name === name)?.level

const answers = (call: string, answer: SyscallAnswer): Map<string, SyscallAnswer> =>
  new Map([...probeSyscalls(), [call, answer]])

const gaps: {
  name: string
  findings: Finding[]
  finding: string
  level: string
  canRun: boolean
}[] = [
  {
    name: 'an old kernel',
    findings: checkKernel(withFacts({ kernel: parseKernelRelease('4.19.0') }), new Map()),
    finding: 'version',
    level: 'missing',
    canRun: false,
  },
  {
    name: 'no openat2',
    findings: checkKernel(withFacts({}), answers('openat2', 'absent')),
    finding: 'openat2',
    level: 'missing',
    canRun: false,
  },
  {
    name: 'no Landlock',
    findings: checkKernel(withFacts({}), answers('landlock_create_ruleset', 'absent')),
    finding: 'landlock_create_ruleset',
    level: 'warn',
    canRun: true,
  },
  {
    name: 'mounts forbidden to an ordinary user, who will be in a user namespace',
    findings: checkKernel(withFacts({ rootless: true }), answers('fsopen', 'forbidden')),
    finding: 'fsopen',
    level: 'ok',
    canRun: true,
  },
  {
    name: 'root without CAP_SYS_ADMIN',
    findings: checkCapabilities(withFacts({ euid: 0, capabilities: [] })),
    finding: 'CAP_SYS_ADMIN',
    level: 'missing',
    canRun: false,
  },
  {
    name: 'no CAP_SYS_RESOURCE',
    findings: checkCapabilities(
      withFacts({
        euid: 0,
        capabilities: ['CAP_SYS_ADMIN', 'CAP_SETUID', 'CAP_SETGID', 'CAP_SETPCAP'],
      }),
    ),
    finding: 'CAP_SYS_RESOURCE',
    level: 'warn',
    canRun: true,
  },
  {
    name: 'no cgroups',
    findings: checkCgroups(withFacts({ cgroups: none })),
    finding: 'memory',
    level: 'missing',
    canRun: true,
  },
]

for (const { name, findings, finding, level, canRun } of gaps)
  t.test(name, async (t) => {
    t.equal(levelOf(findings, finding), level)
    t.equal(makeReport(findings).canRun, canRun)
    t.equal(makeReport(findings).exitCode, canRun ? 0 : 1)
  })

t.test('every gap on the present host has a remedy', async (t) => {
  const report = doctor({ dataFolder: '/var/lib/mycontainer' })
  for (const { name, level, fix } of report.findings)
    t.equal(fix !== undefined, level !== 'ok', name)
})
