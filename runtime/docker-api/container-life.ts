import { OperationError, hasCode } from '../../native/error.ts'
import { containerFlags, readContainerFlags } from '../cli/container-flags/container-flags.ts'
import { readResourceFlags, resourceFlags } from '../cli/container-flags/resource-flags.ts'
import { openReadContext } from '../cli/container-flags/read-context.ts'
import { parseFlags } from '../cli/flag-parser.ts'
import { containerFolder } from '../container/container-folder.ts'
import { publishContainerEvent } from '../container/events.ts'
import type { ContainerRecord } from '../container/record.ts'
import type { ContainerOptions } from '../container/options.ts'
import { parseRestartPolicy } from '../container/parse/restart-policy.ts'
import { prepareRootless } from '../container/rootless-start.ts'
import { startContainer } from '../container/start.ts'
import { type Answer, type ApiCall, type Route, noContent, notModified, ok } from './api-call.ts'
import { noSuch, orNoSuch } from './api-error.ts'
import { createWords } from './create-words.ts'
import { isTrue, readFilters, timeOf, valuesOf } from './filters.ts'
import { booleanField, numberField, objectField, textField } from './json-fields.ts'
import { limitWords } from './resource-words.ts'
import { silentIo } from './silent-io.ts'

// Containers: made, started, stopped, removed.

export const containerLifeRoutes: readonly Route[] = [
  ['POST', '/containers/create', create],
  ['POST', '/containers/prune', prune],
  ['POST', '/containers/*/start', start],
  ['POST', '/containers/*/stop', onContainer(stop)],
  ['POST', '/containers/*/restart', onContainer(restart)],
  ['POST', '/containers/*/kill', onContainer(kill)],
  ['POST', '/containers/*/pause', onContainer(async ({ engine }, id) => engine.pause(id))],
  ['POST', '/containers/*/unpause', onContainer(async ({ engine }, id) => engine.unpause(id))],
  ['POST', '/containers/*/rename', onContainer(rename)],
  ['POST', '/containers/*/update', update],
  ['DELETE', '/containers/*', onContainer(remove)],
]

type Act = (call: ApiCall, container: string) => Promise<Answer | void>

/** What answers 204 where it says nothing else. */
function onContainer(act: Act): (call: ApiCall) => Promise<Answer> {
  return async (call) => {
    const { record } = await containerOf(call)
    return (await act(call, record.id)) ?? noContent
  }
}

/** The container that the path names. @throws {OperationError} `NOT_FOUND` */
export async function containerOf({
  engine,
  parameters: [name = ''],
}: Pick<ApiCall, 'engine' | 'parameters'>): Promise<
  Awaited<ReturnType<ApiCall['engine']['inspect']>>
> {
  const plain = name.replace(/^\//, '')
  return orNoSuch('container', plain, () => engine.inspect(plain))
}

async function create(call: ApiCall): Promise<Answer> {
  const { engine, context, query } = call
  const body = await call.json()
  const name = query.get('name') ?? undefined
  const words = createWords(body, name === '' ? undefined : name?.replace(/^\//, ''))
  if ((await engine.imageId(words.image)) === undefined) throw noSuch('image', words.image)
  const parsed = parseFlags(
    [...words.flags, '--', words.image, ...words.command],
    containerFlags(),
    {
      command: 'mycontainer create',
      interspersed: false,
    },
  )
  const io = silentIo(context)
  const options = readContainerFlags(parsed.flags, parsed.args, openReadContext(io))
  const attaches = booleanField(body, 'StdinOnce')
  const wanted: ContainerOptions = {
    ...options,
    ...(attaches ? { stdinOnce: true } : {}),
    network: await named(call, options.network),
    pull: 'never',
  }
  const { id } = await withNameTold(name, () => engine.create(wanted, io))
  return ok({ Id: id, Warnings: [] }, 201)
}

/** Clients look for these words to take another name, or the container that has it. */
async function withNameTold<Result>(
  name: string | undefined,
  work: () => Promise<Result>,
): Promise<Result> {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof OperationError) || error.code !== 'ALREADY_EXISTS') throw error
    const { holder } = error.detail ?? {}
    if (holder === undefined) throw error
    const step = `Conflict. The container name "/${name ?? ''}" is already in use by container "${String(holder)}"`
    throw new OperationError('ALREADY_EXISTS', step, {}, { hint: error.hint })
  }
}

/** Clients may name networks by their ids. */
async function named(
  { engine }: ApiCall,
  network: ContainerOptions['network'],
): Promise<ContainerOptions['network']> {
  const { mode } = network
  if (mode.kind !== 'networks') return network
  const real = new Map<string, string>()
  for (const name of mode.names)
    real.set(
      name,
      await orNoSuch('network', name, async () => (await engine.networkInspect(name)).name),
    )
  const nameOf = (name: string): string => real.get(name) ?? name
  const wishes = Object.entries(mode.wishes ?? {}).map(([name, wish]) => [nameOf(name), wish])
  return {
    ...network,
    mode: {
      kind: 'networks',
      names: [...new Set(mode.names.map(nameOf))],
      wishes: Object.fromEntries(wishes),
    },
  }
}

const usualSize = { rows: 24, columns: 80 }

async function start(call: ApiCall): Promise<Answer> {
  const { context, attachments } = call
  const { record, state } = await containerOf(call)
  if (state.status === 'paused')
    throw new OperationError('BAD_STATE', 'cannot start a paused container, try unpause instead')
  if (state.pid !== 0) return notModified
  const waiting = attachments.take(record.id)
  try {
    prepareRootless(context, record.options, () => undefined)
    const started = await startContainer(context, record, {
      hold: waiting.count > 0,
      terminal: usualSize,
      onPreExec: () => waiting.connect(containerFolder(context.folders, record.id).state),
    })
    waiting.run(started.ended)
  } catch (error) {
    waiting.fail()
    if (record.options.rm) await removeUnstarted(call, record)
    throw error
  }
  return noContent
}

/** Whoever waits for its removal hears of it, also where the shim has removed it already. */
async function removeUnstarted(
  { engine, context }: ApiCall,
  record: ContainerRecord,
): Promise<void> {
  try {
    await engine.remove(record.id, { force: true, volumes: true })
  } catch (error) {
    if (!hasCode(error, 'NOT_FOUND')) throw error
    publishContainerEvent(context.folders, record, 'destroy')
  }
}

/** Seconds of `t`. */
function timeout({ query }: ApiCall): number | undefined {
  const text = query.get('t')
  return text === null || text === '' ? undefined : Number(text)
}

async function stop(call: ApiCall, id: string): Promise<Answer> {
  const { engine, query } = call
  const { state } = await engine.inspect(id)
  if (state.pid === 0 && state.status !== 'restarting') return notModified
  await engine.stop(id, { timeout: timeout(call), signal: query.get('signal') ?? undefined })
  return noContent
}

async function restart(call: ApiCall, id: string): Promise<void> {
  const signal = call.query.get('signal') ?? undefined
  await call.engine.restart(id, { timeout: timeout(call), signal })
}

async function kill({ engine, query }: ApiCall, id: string): Promise<void> {
  await engine.kill(id, query.get('signal') ?? 'KILL')
}

async function rename({ engine, query }: ApiCall, id: string): Promise<void> {
  await engine.rename(id, (query.get('name') ?? '').replace(/^\//, ''))
}

async function remove({ engine, query }: ApiCall, id: string): Promise<void> {
  await engine.remove(id, { force: isTrue(query.get('force')), volumes: isTrue(query.get('v')) })
}

async function update(call: ApiCall): Promise<Answer> {
  const { record } = await containerOf(call)
  const body = await call.json()
  const parsed = parseFlags(limitWords(body), resourceFlags(), {
    command: 'mycontainer update',
    interspersed: false,
  })
  const policy = objectField(body, 'RestartPolicy')
  const name = textField(policy, 'Name')
  const retries = numberField(policy, 'MaximumRetryCount')
  await call.engine.update(record.id, {
    resources: readResourceFlags(parsed.flags),
    ...(name === undefined
      ? {}
      : { restart: parseRestartPolicy(retries === undefined ? name : `${name}:${retries}`) }),
  })
  return ok({ Warnings: null })
}

async function prune({ engine, query }: ApiCall): Promise<Answer> {
  const filters = readFilters(query)
  const { deleted, reclaimedBytes } = await engine.pruneContainers({
    until: timeOf(valuesOf(filters, 'until')[0]),
    labels: valuesOf(filters, 'label'),
    notLabels: valuesOf(filters, 'label!'),
  })
  return ok({ ContainersDeleted: deleted, SpaceReclaimed: reclaimedBytes })
}
