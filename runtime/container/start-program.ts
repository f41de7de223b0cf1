import type { CgroupPlan } from '../cgroup/cgroup-plan.ts'
import type { NetlinkExchange, NetworkAttachment } from '../network/netlink-exchange.ts'
import { compile } from '../program/compile.ts'
import type { CompileInput } from '../program/compile-input.ts'
import { encodeProgram } from '../program/encode.ts'
import { type ProgramTemplate, makeTemplate, markOf } from '../program/program-template.ts'
import type { SubmittedProgram } from './zygote.ts'

const kindLimit = 16
/** A program with more, of hundreds of ports for example, is compiled each time: each value is looked for in all of it. */
const valueLimit = 100

/**
 * For processes that start one container after another: starts with the same options differ in names, addresses and
 * paths alone. Compiling is a quarter of what Node does for a start, so what was compiled is kept, with places for those.
 */
export class StartPrograms {
  /** By all that a program depends on; no template yet where only one start was of that kind. */
  readonly #templates = new Map<string, ProgramTemplate | undefined>()

  /**
   * The program of a start, for the shim.
   *
   * @param input whose host is the same each time
   * @param configText `input.config` as JSON
   * @throws {OperationError} as `compile`
   */
  programFor(input: CompileInput, configText: string): SubmittedProgram {
    const { shape, values, marks } = takeApart(input)
    if (values.length > valueLimit) return encodeProgram(compile(input), { reasons: false })
    const kind = kindOf(shape, configText)
    const template = this.#templates.get(kind)
    if (template !== undefined) return { template, values }
    if (!this.#templates.has(kind)) {
      this.#remember(kind, undefined)
      return encodeProgram(compile(input), { reasons: false })
    }
    const made = makeTemplate(encodeProgram(compile(shape), { reasons: false }), marks)
    this.#remember(kind, made)
    return { template: made, values }
  }

  #remember(kind: string, template: ProgramTemplate | undefined): void {
    if (this.#templates.size >= kindLimit)
      this.#templates.delete(this.#templates.keys().next().value ?? '')
    this.#templates.set(kind, template)
  }
}

interface Parts {
  /** With marks where values stand; its id and what is named by it are left, for they look like nothing else. */
  readonly shape: CompileInput
  readonly values: readonly Uint8Array[]
  readonly marks: readonly Uint8Array[]
}

/** How much of an id a host name has. */
const shortIdLength = 12

function takeApart(input: CompileInput): Parts {
  const { id, network, monitor, remove = [] } = input
  const ids = [Buffer.from(id), Buffer.from(id.slice(0, shortIdLength))]
  const values: Uint8Array[] = [...ids]
  const marks: Uint8Array[] = [...ids]
  const place = (value: Uint8Array, size: number): Uint8Array => {
    const mark = markOf(marks.length, size)
    values.push(value)
    marks.push(mark)
    return mark
  }
  const text = (value: string): string => {
    const bytes = Buffer.from(value)
    return Buffer.from(place(bytes, roundUp(bytes.length))).toString()
  }
  const exchange = (one: NetlinkExchange): NetlinkExchange => ({
    ...one,
    message: place(one.message, one.message.length),
  })
  const { events } = monitor
  const shape: CompileInput = {
    ...input,
    monitor: { ...monitor, ...(events && { events: mapLines(events, text) }) },
    remove: remove.map((tree) => (tree.name === id ? tree : { ...tree, name: text(tree.name) })),
    network: network && {
      ...network,
      ...(network.namespace !== undefined && { namespace: text(network.namespace) }),
      host: network.host.map(exchange),
      inside: network.inside.map(exchange),
      cleanup: network.cleanup.map(exchange),
      closing: network.closing.map(exchange),
      leases: network.leases.map(text),
    },
  }
  return { shape, values, marks }
}

type Events = NonNullable<CompileInput['monitor']['events']>

function mapLines(events: Events, text: (line: string) => string): Events {
  const { path, ended, started, cleaned, oom } = events
  return {
    path,
    ended: text(ended),
    ...(started !== undefined && { started: text(started) }),
    ...(cleaned !== undefined && { cleaned: text(cleaned) }),
    ...(oom !== undefined && { oom: text(oom) }),
  }
}

/** Texts of about the same length have the same places. */
function roundUp(length: number): number {
  return length | 31
}

/** The same for two starts exactly when their programs differ in values alone. */
function kindOf(shape: CompileInput, configText: string): string {
  const { id, config: _config, host: _host, network, cgroup, ...rest } = shape
  const own = [rest, network && describeNetwork(network), cgroup && describeCgroup(cgroup)]
  return `${configText}${JSON.stringify(own)}`
    .replaceAll(id, '\u0001')
    .replaceAll(id.slice(0, shortIdLength), '\u0002')
}

function describeNetwork(network: NetworkAttachment): unknown {
  const { host, inside, cleanup, closing, ...rest } = network
  return [rest, ...[host, inside, cleanup, closing].map((each) => each.map(describeExchange))]
}

function describeExchange({
  why: _why,
  source: _source,
  message,
  ...rest
}: NetlinkExchange): unknown {
  return [rest, message.length]
}

function describeCgroup({ devices, ...rest }: CgroupPlan): unknown {
  return [rest, devices && Buffer.from(devices).toString('latin1')]
}
