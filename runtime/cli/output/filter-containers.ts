import { OperationError } from '../../../native/error.ts'
import { invalidValue } from '../../container/parse/invalid-value.ts'
import { parseDuration } from '../../container/parse/duration.ts'
import { namedNetworks } from '../../container/network-membership.ts'
import { podLabel } from '../../kube/pod-labels.ts'
import type { Container } from '../engine.ts'
import { nearest } from '../nearest.ts'

type Test = (container: Container, value: string, all: readonly Container[]) => boolean

/** Values of one name are alternatives; names must all hold. */
const tests: Readonly<Record<string, Test>> = {
  id: ({ record }, value) => record.id.startsWith(value),
  name: ({ record }, value) => nameMatches(record.name, value),
  label: ({ record }, value) => labelMatches(record.resolved.labels, value),
  status: ({ state }, value) => state.status === value,
  exited: ({ state }, value) => state.status === 'exited' && String(state.exitCode) === value,
  ancestor: ({ record }, value) => ancestorMatches(record, value),
  before: ({ record }, value, all) => record.created < createdOf(value, all),
  since: ({ record }, value, all) => record.created > createdOf(value, all),
  until: ({ record }, value) => Date.parse(record.created) < untilTime(value),
  volume: ({ record }, value) =>
    record.mounts.some(({ name, destination, source }) =>
      [name, destination, source].includes(value),
    ),
  network: ({ state, record }, value) =>
    record.options.network.mode.kind === value ||
    namedNetworks(record.options.network.mode).includes(value) ||
    (state.network?.attachments ?? []).some(
      ({ network, networkId }) => network === value || networkId.startsWith(value),
    ),
  publish: ({ state }, value) =>
    (state.network?.ports ?? []).some(({ hostPort, protocol }) =>
      portMatches(hostPort, protocol, value),
    ),
  expose: ({ record }, value) =>
    record.resolved.exposedPorts.some((port) => `${port}/tcp`.startsWith(value)),
  pod: ({ record }, value) => record.resolved.labels[podLabel] === value,
  health: ({ state }, value) => (state.health?.status ?? 'none') === value,
  'restart-policy': ({ record }, value) => record.options.restart.name === value,
  'should-start-on-boot': (container, value) =>
    String(shouldStartOnBoot(container)) === (value === '1' ? 'true' : value),
}

/** Names that ask for containers that do not run, and so imply --all. */
const impliesAll = new Set(['status', 'exited', 'before', 'since'])

export interface Filter {
  readonly name: string
  readonly value: string
}

/**
 * Read the values of --filter.
 * @param known names that this command takes
 * @throws {OperationError} INVALID_ARGUMENT for an unknown name, with the nearest
 */
export function parseFilters(values: readonly string[], known: readonly string[]): Filter[] {
  return values.flatMap((text) => {
    const equals = text.indexOf('=')
    if (equals <= 0) throw invalidValue('filter', text, 'Write NAME=VALUE')
    const name = text.slice(0, equals).trim().toLowerCase()
    if (!known.includes(name)) throw unknownFilter(name, known)
    return [{ name, value: text.slice(equals + 1).trim() }]
  })
}

function unknownFilter(name: string, known: readonly string[]): OperationError {
  const near = nearest(name, known)
  const hint = near === undefined ? `The filters are ${known.join(', ')}` : `Did you mean ${near}?`
  return new OperationError('INVALID_ARGUMENT', `invalid filter '${name}'`, {}, { hint })
}

export const containerFilterNames: readonly string[] = Object.keys(tests)

/** Whether the filters look for containers that may have ended. */
export function needsAll(filters: readonly Filter[]): boolean {
  return filters.some(({ name }) => impliesAll.has(name))
}

/** As podman: `always` whatever was before, `unless-stopped` where nobody stopped it. */
function shouldStartOnBoot({ record, state }: Container): boolean {
  const { name } = record.options.restart
  return name === 'always' || (name === 'unless-stopped' && !state.stoppedByUser)
}

const statuses = ['created', 'running', 'paused', 'restarting', 'exited', 'dead', 'removing']

/** Keep what matches. Values of one name are alternatives, but labels must all be there. */
export function filterContainers(
  containers: readonly Container[],
  filters: readonly Filter[],
): Container[] {
  for (const { name, value } of filters)
    if (name === 'status' && !statuses.includes(value))
      throw invalidValue('status', value, `The states are ${statuses.join(', ')}`)
  const groups = Map.groupBy(filters, ({ name, value }) =>
    name === 'label' ? `label ${value}` : name,
  )
  return containers.filter((container) =>
    [...groups.values()].every((group) =>
      group.some(({ name, value }) => tests[name]?.(container, value, containers) ?? false),
    ),
  )
}

/** Docker takes a regular expression here; a malformed one is compared as plain text. */
function nameMatches(name: string, value: string): boolean {
  const pattern = value.replace(/^\/|^\^\//, (start) => (start === '/' ? '' : '^'))
  // A pattern from the user's own command line can at worst hold up that command.
  try {
    return new RegExp(pattern).test(name)
  } catch {
    return name.includes(pattern)
  }
}

/** Whether `labels` has `name` or `name=value`. */
export function labelMatches(labels: Readonly<Record<string, string>>, value: string): boolean {
  const equals = value.indexOf('=')
  const name = equals < 0 ? value : value.slice(0, equals)
  if (!Object.hasOwn(labels, name)) return false
  return equals < 0 || labels[name] === value.slice(equals + 1)
}

function ancestorMatches({ imageId, imageReference }: Container['record'], value: string): boolean {
  const id = imageId.replace(/^sha256:/, '')
  const short = imageReference
    .replace(/^docker\.io\/(?:library\/)?/, '')
    .replace(/^localhost\//, '')
  const names = [
    imageReference,
    short,
    imageReference.replace(/:latest$/, ''),
    short.replace(/:latest$/, ''),
  ]
  const wanted = value.replace(/^sha256:/, '')
  return names.includes(value) || (/^[0-9a-f]{4,64}$/.test(wanted) && id.startsWith(wanted))
}

function createdOf(value: string, all: readonly Container[]): string {
  const found = all.find(({ record }) => record.name === value || record.id.startsWith(value))
  if (found) return found.record.created
  throw new OperationError('NOT_FOUND', `No such container: ${value}`)
}

function untilTime(value: string): number {
  const date = Date.parse(value)
  return Number.isNaN(date) ? Date.now() - parseDuration(value) : date
}

function portMatches(hostPort: number, protocol: string, value: string): boolean {
  const match = /^(\d+)(?:-(\d+))?(?:\/(\w+))?$/.exec(value)
  if (!match) throw invalidValue('port', value, 'Write PORT[-PORT][/PROTOCOL]')
  const [, first, last = first, wanted = protocol] = match
  return wanted === protocol && hostPort >= Number(first) && hostPort <= Number(last)
}
