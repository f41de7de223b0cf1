// The kernel's verifier takes our device programs, and they do what they say, on hybrid hosts
// too. Needs root.
import { spawnSync } from 'node:child_process'
import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs'
import { constants, tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { declareSyscall, requireSuccess } from '../../native/ffi/library.ts'
import { applyPlan } from '../../runtime/cgroup/apply-plan.ts'
import { planCgroup } from '../../runtime/cgroup/plan-cgroup.ts'
import { readHierarchy } from '../../runtime/cgroup/read-hierarchy.ts'
import { removeGroup } from '../../runtime/cgroup/remove-group.ts'
import type { DeviceRule } from '../../runtime/cgroup/resources.ts'

// bpf(2)
const BPF_PROG_LOAD = 5
const BPF_PROG_ATTACH = 8
const BPF_PROG_TYPE_CGROUP_DEVICE = 15
const BPF_CGROUP_DEVICE = 6
const LICENSE_OFFSET = 32_768

const bpf = declareSyscall('bpf', ['int', 'void *', 'uint'])
const mmap = declareSyscall('mmap', ['long', 'long', 'int', 'int', 'int', 'long'])
const pread = declareSyscall('pread64', ['int', 'long', 'long', 'long'])
const munmap = declareSyscall('munmap', ['long', 'long'])

/** Puts bytes at an address that can stand inside of another structure. */
function placeInMemory(t: Test, bytes: Uint8Array): bigint {
  const folder = mkdtempSync(join(tmpdir(), 'mycontainer-bpf-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  const file = join(folder, 'bytes')
  writeFileSync(file, bytes)
  const fd = openSync(file, 'r')
  const size = 65_536
  const address = BigInt(mmap(0, size, 3, 0x22, -1, 0))
  t.teardown(() => munmap(address, size))
  requireSuccess(pread(fd, address, bytes.length, 0), 'pread64', {})
  closeSync(fd)
  return address
}

function loadAndAttach(t: Test, program: Uint8Array, folder: string): void {
  const bytes = Buffer.alloc(LICENSE_OFFSET + 8)
  bytes.set(program)
  bytes.write('MIT\0', LICENSE_OFFSET)
  const address = placeInMemory(t, bytes)
  const load = Buffer.alloc(128)
  load.writeUInt32LE(BPF_PROG_TYPE_CGROUP_DEVICE, 0)
  load.writeUInt32LE(program.length / 8, 4)
  load.writeBigUInt64LE(address, 8)
  load.writeBigUInt64LE(address + BigInt(LICENSE_OFFSET), 16)
  // The verifier gives up with EAGAIN when a signal is pending, and Node's own threads send some.
  let result = bpf(BPF_PROG_LOAD, load, 128)
  for (let round = 0; round < 20 && Number(result) === -constants.errno.EAGAIN; round++)
    result = bpf(BPF_PROG_LOAD, load, 128)
  const programFd = requireSuccess(result, 'bpf', { command: 'load' })
  const groupFd = openSync(folder, 'r')
  const attach = Buffer.alloc(128)
  for (const [index, value] of [groupFd, programFd, BPF_CGROUP_DEVICE, 0].entries())
    attach.writeUInt32LE(value, index * 4)
  requireSuccess(bpf(BPF_PROG_ATTACH, attach, 128), 'bpf', { command: 'attach' })
  closeSync(programFd)
  closeSync(groupFd)
}

const nothing: DeviceRule = { allow: false }
const nullDevice: DeviceRule = { allow: true, type: 'c', major: 1, minor: 3 }
const zeroDevice = { ...nullDevice, minor: 5 }

const cases: { name: string; rules: DeviceRule[]; command: string; works: boolean }[] = [
  { name: 'nothing allowed', rules: [nothing], command: ': < /dev/null', works: false },
  { name: 'null allowed', rules: [nothing, nullDevice], command: ': < /dev/null', works: true },
  { name: 'zero not', rules: [nothing, nullDevice], command: ': < /dev/zero', works: false },
  {
    name: 'reading alone',
    rules: [nothing, { ...nullDevice, access: 'r' }],
    command: ': > /dev/null',
    works: false,
  },
  {
    name: 'no rule for all, as an engine sends it',
    rules: [nullDevice, zeroDevice],
    command: ': < /dev/zero > /dev/null',
    works: true,
  },
  {
    name: 'forty rules',
    rules: Array.from({ length: 40 }, (_, minor) => ({ ...nullDevice, minor })),
    command: ': < /dev/null',
    works: true,
  },
  {
    name: 'privileged',
    rules: [nothing, { allow: true, type: 'a', access: 'rwm' }],
    command: ': < /dev/zero',
    works: true,
  },
]

const hierarchy = readHierarchy()
for (const [index, { name, rules, command, works }] of cases.entries())
  t.test(name, async (t) => {
    const plan = planCgroup({
      hierarchy,
      resources: { devices: rules },
      cgroupPath: `/mycontainer-test-devices-${process.pid}-${index}`,
      rootless: false,
    })
    t.teardown(() => removeGroup(plan.location))
    applyPlan(plan)
    loadAndAttach(t, plan.devices ?? new Uint8Array(), String(plan.cloneInto))
    const script = `echo 0 > ${plan.cloneInto}/cgroup.procs && echo joined && ${command}`
    const { status, stdout } = spawnSync('sh', ['-c', script], {
      encoding: 'utf8',
      stdio: ['pipe', 'pipe', 'ignore'],
    })
    t.equal(stdout, 'joined\n')
    t.equal(status === 0, works)
  })
