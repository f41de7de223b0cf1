import type { VolumeSummary } from '../cli/content-verbs.ts'
import { volumeDocument } from '../cli/output/volume-document.ts'
import { type Answer, type ApiCall, type Route, noContent, ok } from './api-call.ts'
import { orNoSuch } from './api-error.ts'
import {
  anyOf,
  isTrue,
  labelsMatch,
  readFilters,
  requireFilters,
  timeOf,
  valuesOf,
} from './filters.ts'
import { mapField, textField } from './json-fields.ts'
import { volumeOptionsOf } from '../container/parse/volume-driver.ts'

export const volumeRoutes: readonly Route[] = [
  ['GET', '/volumes', list],
  ['POST', '/volumes/create', create],
  ['POST', '/volumes/prune', prune],
  ['GET', '/volumes/*', inspect],
  ['DELETE', '/volumes/*', remove],
]

async function volumeOf({ engine, parameters: [name = ''] }: ApiCall): Promise<VolumeSummary> {
  return orNoSuch('volume', name, () => engine.volumeInspect(name))
}

const volumeFilters = ['dangling', 'driver', 'label', 'label!', 'name']

async function list({ engine, query }: ApiCall): Promise<Answer> {
  const filters = requireFilters(readFilters(query), volumeFilters)
  const used = new Set(
    (await engine.list({ all: true, size: false })).flatMap(({ record }) =>
      record.mounts.flatMap(({ name }) => name ?? []),
    ),
  )
  const found = (await engine.volumeList()).filter(
    (volume) =>
      labelsMatch(filters, volume.labels) &&
      anyOf(filters, 'name', (value) => volume.name.includes(value)) &&
      anyOf(filters, 'driver', (value) => volume.driver === value) &&
      anyOf(filters, 'dangling', (value) => isTrue(value) !== used.has(volume.name)),
  )
  return ok({ Volumes: found.map(volumeDocument), Warnings: null })
}

async function create(call: ApiCall): Promise<Answer> {
  const body = await call.json()
  const driver = textField(body, 'Driver') ?? 'local'
  const created = await call.engine.volumeCreate(textField(body, 'Name'), {
    labels: mapField(body, 'Labels'),
    options: volumeOptionsOf(driver, mapField(body, 'DriverOpts')),
  })
  return ok(volumeDocument(created), 201)
}

async function inspect(call: ApiCall): Promise<Answer> {
  return ok(volumeDocument(await volumeOf(call)))
}

async function remove(call: ApiCall): Promise<Answer> {
  const {
    engine,
    query,
    parameters: [name = ''],
  } = call
  const force = isTrue(query.get('force'))
  if (!force) await volumeOf(call)
  await engine.volumeRemove(name, { force })
  return noContent
}

async function prune({ engine, query }: ApiCall): Promise<Answer> {
  const filters = readFilters(query)
  const filter = {
    until: timeOf(valuesOf(filters, 'until')[0]),
    labels: valuesOf(filters, 'label'),
    notLabels: valuesOf(filters, 'label!'),
  }
  const all = valuesOf(filters, 'all').some(isTrue)
  const { deleted, reclaimedBytes } = await engine.volumePrune(filter, { all })
  return ok({ VolumesDeleted: deleted, SpaceReclaimed: reclaimedBytes })
}
