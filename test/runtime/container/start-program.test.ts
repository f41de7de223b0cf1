import t from 'tap'
import { StartPrograms } from '../../../runtime/container/start-program.ts'
import { compile } from '../../../runtime/program/compile.ts'
import type { CompileInput } from '../../../runtime/program/compile-input.ts'
import { encodeProgram } from '../../../runtime/program/encode.ts'
import { programBytes } from '../../../runtime/program/program-template.ts'
import { stringifyJson } from '../../../runtime/spec/json.ts'
import { sampleInputs } from '../program/sample-programs.ts'

/** Of a length that leaves no room in its place, so that the bytes can be compared. */
function text(start: string): string {
  return start.padEnd(63, '.')
}

function inputOf(number: number, base: CompileInput): CompileInput {
  const id = `${number}f`.repeat(32)
  const own = <Value>(value: Value): Value =>
    JSON.parse(JSON.stringify(value).replaceAll('web', id)) as Value
  const message = (size: number): Uint8Array => new Uint8Array(size).fill(number)
  return {
    ...base,
    id,
    config: { ...base.config, hostname: id.slice(0, 12) },
    stateDir: `/run/${id}/state`,
    monitor: {
      ...base.monitor,
      events: {
        path: '/run/events',
        ended: text(`{"id":"${number}","action":"die",`),
        cleaned: text(`{"id":"${number}","action":"destroy",`),
        oom: text(`{"id":"${number}","action":"oom",`),
      },
    },
    cgroup: base.cgroup && { ...own(base.cgroup), devices: base.cgroup.devices },
    network: base.network && {
      ...base.network,
      host: base.network.host.map((one) => ({ ...one, message: message(one.message.length) })),
      inside: base.network.inside.map((one) => ({ ...one, message: message(one.message.length) })),
      closing: base.network.closing.map((one) => ({
        ...one,
        message: message(one.message.length),
      })),
      cleanup: base.network.cleanup.map((one) => ({
        ...one,
        message: message(one.message.length),
      })),
      leases: base.network.leases.map(() => text(`/run/leases/10.88.0.${number}`)),
    },
    remove: [
      { folder: '/run/names', name: text(`name-${number}-`) },
      { folder: '/run/containers', name: id },
    ],
  }
}

function compiled(input: CompileInput): Buffer {
  return Buffer.from(encodeProgram(compile(input), { reasons: false }))
}

t.test('a program that is filled in is the one that is compiled', async (t) => {
  for (const [title, base] of Object.entries(sampleInputs)) {
    const programs = new StartPrograms()
    for (const number of [1, 2, 3, 4]) {
      const input = inputOf(number, base)
      const submitted = programs.programFor(input, stringifyJson(input.config))
      t.equal(submitted instanceof Uint8Array, number === 1, `${title}: kept from the second on`)
      const bytes = programBytes(submitted)
      t.ok(compiled(input).equals(bytes), `${title}: start ${number}`)
      // As whoever hands it over does.
      bytes.fill(0xff)
    }
  }
})

t.test('a program with values for hundreds of ports is the one that is compiled', async (t) => {
  const programs = new StartPrograms()
  const base = sampleInputs['cgroup-and-network']!
  for (const number of [1, 2, 3]) {
    const input = inputOf(number, base)
    const leases = Array.from({ length: 300 }, (_, port) => text(`/run/${number}/ports/${port}`))
    const wide = { ...input, network: input.network && { ...input.network, leases } }
    const bytes = programBytes(programs.programFor(wide, stringifyJson(wide.config)))
    t.ok(compiled(wide).equals(bytes), `start ${number}`)
  }
})

t.test('shorter texts end where they end', async (t) => {
  const programs = new StartPrograms()
  const base = sampleInputs['ordinary']!
  const named = (name: string): CompileInput => ({
    ...base,
    remove: [{ folder: '/run/names', name }],
  })
  const config = stringifyJson(base.config)
  for (const name of ['first', 'second', 'a-name-that-is-longer', 'b'])
    t.ok(
      Buffer.from(programBytes(programs.programFor(named(name), config))).includes(`\0${name}\0`),
      name,
    )
})

t.test('what makes another program is another one', async (t) => {
  const base = sampleInputs['cgroup-and-network']!
  const changes: Readonly<Record<string, Partial<CompileInput>>> = {
    configuration: { config: { ...base.config, hostname: 'other' } },
    'state folder': { stateDir: '/run/other' },
    root: { root: { kind: 'folder', path: '/other' } },
    log: { log: undefined },
    monitor: { monitor: { ...base.monitor, hold: !base.monitor.hold } },
    devices: { cgroup: base.cgroup && { ...base.cgroup, devices: undefined } },
    network: { network: undefined },
    'a shorter message': {
      network: base.network && {
        ...base.network,
        inside: base.network.inside.map((one) => ({ ...one, message: one.message.subarray(4) })),
      },
    },
    removal: { remove: [] },
  }
  for (const [title, change] of Object.entries(changes)) {
    const programs = new StartPrograms()
    const first = inputOf(1, base)
    programs.programFor(first, stringifyJson(first.config))
    programs.programFor(first, stringifyJson(first.config))
    const second = { ...first, ...change }
    const bytes = programBytes(programs.programFor(second, stringifyJson(second.config)))
    t.ok(compiled(second).equals(bytes), title)
  }
})
