import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { disassemble } from '../../../runtime/program/disassemble.ts'
import { encodeProgram } from '../../../runtime/program/encode.ts'
import { formatExplanation, formatTimings } from '../../../runtime/program/explain.ts'
import { formatListing } from '../../../runtime/program/listing.ts'
import type { Program } from '../../../runtime/program/program.ts'
import { compile } from '../../../runtime/program/compile.ts'
import type { CompileInput } from '../../../runtime/program/compile-input.ts'
import { samplePrograms } from './sample-programs.ts'
import { sampleConfig, sampleInput } from './sample-config.ts'

const folder = join(import.meta.dirname, '../../fixtures/programs')
const isUpdate = process.env['UPDATE_GOLDEN'] === '1'

function checkGolden(t: Test, name: string, listing: string): void {
  const file = join(folder, `${name}.txt`)
  if (isUpdate) writeFileSync(file, listing)
  t.ok(existsSync(file), 'UPDATE_GOLDEN=1 writes the file')
  t.equal(listing, readFileSync(file, 'utf8'))
}

function jumpsForward(t: Test, { steps, cleanupStart }: Program): void {
  for (const [index, { jump }] of steps.entries()) {
    if (jump === undefined) continue
    const end = index < cleanupStart ? cleanupStart : steps.length
    if (jump.index <= index || jump.index >= end) t.fail(`step ${index} jumps to ${jump.index}`)
  }
}

for (const [name, program] of samplePrograms()) {
  t.test(`${name} is compiled as stored`, async (t) => checkGolden(t, name, formatListing(program)))

  t.test(`${name} says why and where each step comes from`, async (t) => {
    for (const step of program.steps) t.ok(step.why.length > 2 && step.source !== '', step.call)
  })

  t.test(`${name} jumps forward only, and inside its section`, async (t) => {
    jumpsForward(t, program)
    t.ok(program.cleanupStart < program.steps.length, 'has a cleanup section')
  })

  t.test(`${name} survives encoding`, async (t) => {
    const bytes = encodeProgram(program, { id: 2n ** 63n })
    const back = disassemble(bytes)
    t.equal(withoutNames(formatListing(back)), withoutNames(formatListing(program)))
    t.same(encodeProgram(back, { id: 2n ** 63n }), bytes)
  })

  t.test(`${name} is explained`, async (t) => {
    const text = formatExplanation(program)
    t.match(text, /Outer half/)
    t.match(text, /Inner half/)
    t.match(formatTimings(program, [{ pc: 0, value: 3n, nanoseconds: 12_345n }]), /12\.3 µs/)
  })
}

// Slots have numbers instead of names in bytes, and runs of alike steps may be joined differently.
function withoutNames(listing: string): string {
  return listing.replaceAll(/\$\w+/g, '$')
}

t.test('compiles the same input to the same program', async (t) => {
  t.same(encodeProgram(compile(sampleInput())), encodeProgram(compile(sampleInput())))
})

t.test('runs for both architectures', async (t) => {
  for (const architecture of ['x86_64', 'aarch64'] as const) {
    const host = { ...sampleInput().host, architecture }
    t.doesNotThrow(() => encodeProgram(compile(sampleInput({ host }))))
  }
})

const config = sampleConfig()
const linux = config.linux!
const refused: readonly { name: string; input: Partial<CompileInput>; code: string }[] = [
  {
    name: 'no mount namespace',
    input: { config: { ...config, linux: { namespaces: [] } } },
    code: 'UNSUPPORTED',
  },
  {
    name: 'a namespace named twice',
    input: { config: { ...config, linux: { namespaces: [{ type: 'mount' }, { type: 'mount' }] } } },
    code: 'INVALID_SPEC',
  },
  {
    name: 'a hostname without a uts namespace',
    input: { config: { ...config, linux: { namespaces: [{ type: 'mount' }] } } },
    code: 'INVALID_SPEC',
  },
  {
    name: 'a sysctl of the host',
    input: { config: { ...config, linux: { ...linux, sysctl: { 'kernel.panic': '1' } } } },
    code: 'INVALID_SPEC',
  },
  {
    name: 'a sysctl that climbs out',
    input: {
      config: { ...config, linux: { ...linux, sysctl: { 'net.ipv4/../../kernel/panic': '1' } } },
    },
    code: 'INVALID_SPEC',
  },
  {
    name: 'intelRdt',
    input: { config: { ...config, linux: { ...linux, intelRdt: { closID: 'a' } } } },
    code: 'UNSUPPORTED',
  },
  {
    name: 'netDevices',
    input: { config: { ...config, linux: { ...linux, netDevices: { eth1: {} } } } },
    code: 'UNSUPPORTED',
  },
  {
    name: 'tmpcopyup before Linux 6.13',
    input: {
      config: { ...config, mounts: [{ destination: '/x', type: 'tmpfs', options: ['tmpcopyup'] }] },
      host: { ...sampleInput().host, kernel: { major: 6, minor: 12 } },
    },
    code: 'UNSUPPORTED',
  },
  {
    name: 'a mount destination that climbs out',
    input: { config: { ...config, mounts: [{ destination: '/a/../../x', type: 'tmpfs' }] } },
    code: 'INVALID_SPEC',
  },
  {
    name: 'a mapped overlay on an old kernel',
    input: {
      config: {
        ...config,
        linux: {
          ...linux,
          namespaces: [...linux.namespaces!, { type: 'user' }],
          uidMappings: [{ containerID: 0, hostID: 1, size: 1 }],
          gidMappings: [{ containerID: 0, hostID: 1, size: 1 }],
        },
      },
      host: { ...sampleInput().host, kernel: { major: 6, minor: 1 } },
    },
    code: 'UNSUPPORTED',
  },
  {
    name: 'a user that is not mapped',
    input: {
      config: {
        ...config,
        process: { ...config.process!, user: { uid: 9, gid: 0 } },
        linux: {
          ...linux,
          namespaces: [...linux.namespaces!, { type: 'user' }],
          uidMappings: [{ containerID: 0, hostID: 1, size: 1 }],
          gidMappings: [{ containerID: 0, hostID: 1, size: 1 }],
        },
      },
    },
    code: 'INVALID_SPEC',
  },
  {
    name: 'a terminal without one to give',
    input: { config: { ...config, process: { ...config.process!, terminal: true } } },
    code: 'INVALID_SPEC',
  },
  {
    name: 'a program with a NUL',
    input: { config: { ...config, process: { ...config.process!, args: ['a\0b'] } } },
    code: 'INVALID_SPEC',
  },
  {
    name: 'no program',
    input: { config: { ...config, process: { ...config.process!, args: [] } } },
    code: 'INVALID_SPEC',
  },
  {
    name: 'time offsets without a time namespace',
    input: { config: { ...config, linux: { ...linux, timeOffsets: { boottime: { secs: 1 } } } } },
    code: 'INVALID_SPEC',
  },
  {
    name: 'a limit named twice',
    input: {
      config: {
        ...config,
        process: {
          ...config.process!,
          rlimits: [
            { type: 'RLIMIT_AS', soft: 1, hard: 1 },
            { type: 'RLIMIT_AS', soft: 1, hard: 1 },
          ],
        },
      },
    },
    code: 'INVALID_SPEC',
  },
]

for (const { name, input, code } of refused)
  t.test(`refuses ${name}`, async (t) => {
    t.throws(() => compile(sampleInput(input)), { code })
  })
