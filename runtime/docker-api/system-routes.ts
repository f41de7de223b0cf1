import type { EngineEvent } from '../cli/engine.ts'
import { volumeDocument } from '../cli/output/volume-document.ts'
import { readEvents } from '../container/events.ts'
import { labelMatches } from '../cli/output/filter-containers.ts'
import type { Filter } from '../cli/output/filter-containers.ts'
import { type Answer, type ApiCall, type Route, ok } from './api-call.ts'
import { containerSummary } from './container-documents.ts'
import { anyOf, readFilters, timeOf, valuesOf } from './filters.ts'
import { familiarName } from './familiar-name.ts'
import { imageSummary } from './image-documents.ts'
import { apiVersion, oldestApiVersion } from './match-route.ts'
import { systemInfo } from './system-info.ts'

export const systemRoutes: readonly Route[] = [
  ['GET', '/_ping', ping],
  ['HEAD', '/_ping', ping],
  ['GET', '/version', version],
  ['GET', '/info', async (call) => ok(await systemInfo(call))],
  ['GET', '/events', events],
  ['GET', '/system/df', diskUsage],
  ['GET', '/plugins', () => ok([])],
]

function ping(): Answer {
  const headers = { 'Builder-Version': '1', 'Cache-Control': 'no-cache, no-store, must-revalidate' }
  return { status: 200, body: 'OK', headers }
}

async function version({ engine }: ApiCall): Promise<Answer> {
  const info = await engine.version()
  const facts = {
    ApiVersion: apiVersion,
    MinAPIVersion: oldestApiVersion,
    Os: info.os,
    Arch: info.arch,
    KernelVersion: info.kernelVersion,
    GitCommit: info.gitCommit ?? '',
    GoVersion: '',
    BuildTime: '',
  }
  return ok({
    Platform: { Name: 'mycontainer' },
    Version: info.version,
    ...facts,
    Components: [
      {
        Name: 'Engine',
        Version: info.version,
        Details: { ...facts, NodeVersion: info.nodeVersion },
      },
    ],
  })
}

function events({ context, query, signal }: ApiCall): Answer {
  const filters = readFilters(query)
  const until = timeOf(query.get('until'))
  const since = timeOf(query.get('since'))
  const follow = until === undefined || until > Date.now()
  const found = readEvents(context.folders, { since, until, follow, signal })
  // Begun now: what the client does next is in it.
  const first = found.next()
  const lines = async function* (): AsyncGenerator<string> {
    for (let next = await first; next.done !== true; next = await found.next())
      if (isWanted(next.value, filters)) yield `${JSON.stringify(eventDocument(next.value))}\n`
  }
  return { stream: lines(), type: 'application/json' }
}

function isWanted(
  { type, action, id, attributes }: EngineEvent,
  filters: readonly Filter[],
): boolean {
  const named = (value: string): boolean => id.startsWith(value) || attributes['name'] === value
  const kinds = ['container', 'image', 'network', 'volume'] as const
  return (
    anyOf(filters, 'type', (value) => value === type) &&
    anyOf(filters, 'event', (value) => action === value || action.startsWith(`${value}:`)) &&
    valuesOf(filters, 'label').every((value) => labelMatches(attributes, value)) &&
    kinds.every((kind) =>
      kind === 'image' && type === 'container'
        ? anyOf(filters, kind, (value) => attributes['image'] === value)
        : anyOf(filters, kind, (value) => type === kind && named(value)),
    )
  )
}

function eventDocument(event: EngineEvent): object {
  const { type, action, time } = event
  const id = type === 'image' ? familiarName(event.id) : event.id
  const attributes = type === 'image' ? imageAttributes(event) : event.attributes
  const milliseconds = Date.parse(time)
  const fraction = (/\.(\d+)/.exec(time)?.[1] ?? '').padEnd(9, '0').slice(0, 9)
  const seconds = Math.floor(milliseconds / 1000)
  return {
    ...(type === 'container' ? { status: action, id, from: attributes['image'] ?? '' } : {}),
    ...(type === 'image' ? { status: action, id } : {}),
    Type: type,
    Action: action,
    Actor: { ID: id, Attributes: attributes },
    scope: 'local',
    time: seconds,
    // Whole beyond what a double holds; the last digits are lost.
    timeNano: Number(`${seconds}${fraction}`),
  }
}

/** Names as clients write them. */
function imageAttributes({ attributes }: EngineEvent): Readonly<Record<string, string>> {
  const { name } = attributes
  return name === undefined ? attributes : { ...attributes, name: familiarName(name) }
}

async function diskUsage({ engine, context }: ApiCall): Promise<Answer> {
  const usage = await engine.diskUsage()
  const known = new Map(usage.images.map((image) => [image.id, image]))
  const images = (await context.images()).list()
  const now = Date.now()
  return ok({
    LayersSize: usage.layerBytes,
    Images: images.map((image) => ({
      ...imageSummary(image),
      SharedSize: known.get(image.id)?.sharedBytes ?? 0,
      Containers: known.get(image.id)?.containers ?? 0,
    })),
    Containers: usage.containers.map((container) => containerSummary(container, now)),
    Volumes: usage.volumes.map(({ volume, bytes, containers }) => ({
      ...volumeDocument(volume),
      UsageData: { RefCount: containers, Size: bytes },
    })),
    BuildCache: [],
    BuilderSize: usage.buildCache.bytes,
  })
}
