import { chmodSync, existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { OperationError, hasCode } from '../../native/error.ts'
import type { CommandIo } from '../cli/command-io.ts'
import { containerFlags, readContainerFlags } from '../cli/container-flags/container-flags.ts'
import { openReadContext } from '../cli/container-flags/read-context.ts'
import type { Container, Engine } from '../cli/engine.ts'
import { parseFlags } from '../cli/flag-parser.ts'
import type { PodContainer } from './kube-schema.ts'
import { podLabel, roleLabel } from './pod-labels.ts'
import { type PlacedVolume, placeVolumes } from './pod-volumes.ts'
import { type ContainerWords, type PodFlags, containerWords, infraWords } from './pod-words.ts'
import type { KubeFile, WantedPod } from './read-kube-file.ts'
import { withStoredSecrets } from './stored-secrets.ts'

export interface PlayOptions {
  readonly flags: PodFlags
  readonly start: boolean
  /** Remove pods of the same names first. */
  readonly replace: boolean
  readonly quiet: boolean
}

export interface PlayedPod {
  /** Of the container that holds the namespaces. */
  readonly id: string
  readonly containers: readonly string[]
}

/** Where what a pod's ConfigMaps and Secrets hold is kept, for root alone, until it is removed. */
async function contentFolder(engine: Engine, pod: string): Promise<string> {
  return join((await engine.info()).dataDir, 'kube', pod)
}

/**
 * Make a pod's containers and start them. A pod that does not come about leaves nothing.
 *
 * @throws {OperationError} `ALREADY_EXISTS` where there is one of the name; what create and start throw
 */
export async function playPod(
  engine: Engine,
  file: KubeFile,
  pod: WantedPod,
  options: PlayOptions,
  io: CommandIo,
): Promise<PlayedPod> {
  if (options.replace) await removePod(engine, pod.name, false)
  if ((await containersOfPod(engine, pod.name)).length > 0)
    throw new OperationError(
      'ALREADY_EXISTS',
      `make the pod ${pod.name}`,
      {},
      { hint: 'Put this one in its place with --replace, or remove it with "kube down FILE"' },
    )
  try {
    return await makePod(engine, file, pod, options, io)
  } catch (error) {
    await removePod(engine, pod.name, false)
    throw error
  }
}

async function makePod(
  engine: Engine,
  file: KubeFile,
  pod: WantedPod,
  options: PlayOptions,
  io: CommandIo,
): Promise<PlayedPod> {
  const { flags } = options
  const contents = await withStoredSecrets(engine, file, pod)
  const volumes = placeVolumes(pod, contents, await contentFolder(engine, pod.name))
  const place = { contents, volumes, flags }
  const words = {
    init: (pod.spec.initContainers ?? []).map((container) =>
      containerWords(pod, container, { ...place, role: 'init' }),
    ),
    main: pod.spec.containers.map((container) =>
      containerWords(pod, container, { ...place, role: 'main' }),
    ),
  }
  await makeVolumes(engine, pod, volumes)
  const create = (wanted: ContainerWords): Promise<string> =>
    createFrom(engine, wanted, options, io)
  const id = await create(infraWords(pod, volumes, flags))
  // Who joins namespaces needs them to be there.
  if (options.start) await engine.start(id, {}, io)
  const initial = await each(words.init, create)
  const containers = await each(words.main, create)
  if (options.start) {
    for (const [at, container] of initial.entries())
      await runToItsEnd(engine, pod, pod.spec.initContainers?.[at], container, io)
    for (const container of containers) await engine.start(container, {}, io)
  }
  return { id, containers: [...initial, ...containers] }
}

async function each<Item, Result>(
  items: readonly Item[],
  act: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = []
  for (const item of items) results.push(await act(item))
  return results
}

async function createFrom(
  engine: Engine,
  { flags, image, command }: ContainerWords,
  { quiet }: PlayOptions,
  io: CommandIo,
): Promise<string> {
  const words = [...flags, ...(quiet ? ['--quiet'] : []), '--', image, ...command]
  const parsed = parseFlags(words, containerFlags(), {
    command: 'mycontainer create',
    interspersed: false,
  })
  const wanted = readContainerFlags(parsed.flags, parsed.args, openReadContext(io))
  // Nobody attaches before it runs.
  return (await engine.create({ ...wanted, detach: true }, io)).id
}

async function runToItsEnd(
  engine: Engine,
  pod: WantedPod,
  container: PodContainer | undefined,
  id: string,
  io: CommandIo,
): Promise<void> {
  await engine.start(id, {}, io)
  const exitCode = await engine.wait(id)
  if (exitCode === 0) return
  let said = ''
  for await (const { data } of engine.logs(id, { follow: false, tail: 3 }))
    said += Buffer.from(data).toString()
  throw new OperationError(
    'START_FAILED',
    `run the init container ${container?.name ?? ''} of pod ${pod.name}`,
    { exitCode, said: said.trim().slice(-200) },
    { exitCode: 125 },
  )
}

async function makeVolumes(
  engine: Engine,
  pod: WantedPod,
  volumes: ReadonlyMap<string, PlacedVolume>,
): Promise<void> {
  const known = new Set((await engine.volumeList()).map(({ name }) => name))
  for (const volume of volumes.values()) {
    if (volume.kind === 'host') makeHostPath(volume.path, volume.make)
    else if (volume.kind === 'files') writeFiles(volume)
    else if (!known.has(volume.name))
      await engine.volumeCreate(volume.name, {
        labels: volume.isOwn ? { [podLabel]: pod.name } : {},
        options: volume.options,
      })
  }
}

function makeHostPath(path: string, make: 'folder' | 'file' | undefined): void {
  if (existsSync(path)) return
  if (make === 'folder') mkdirSync(path, { recursive: true, mode: 0o755 })
  else if (make === 'file') writeFileSync(path, '', { flag: 'a', mode: 0o644 })
  else
    throw new OperationError(
      'NOT_FOUND',
      `use the host's ${path} as a volume`,
      {},
      { hint: 'Make it, or have it made: type: DirectoryOrCreate' },
    )
}

function writeFiles({ folder, files }: Extract<PlacedVolume, { kind: 'files' }>): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  chmodSync(folder, 0o755)
  for (const { path, data, mode } of files) {
    const target = join(folder, path)
    mkdirSync(dirname(target), { recursive: true, mode: 0o755 })
    writeFileSync(target, data, { mode: 0o600 })
    chmodSync(target, mode)
  }
}

function isInfra({ record }: Container): boolean {
  return record.resolved.labels[roleLabel] === 'infra'
}

/** The one that holds the namespaces last. */
export async function containersOfPod(engine: Engine, name: string): Promise<Container[]> {
  const all = await engine.list({ all: true, size: false })
  const own = all.filter(({ record }) => record.resolved.labels[podLabel] === name)
  return [...own.filter((one) => !isInfra(one)), ...own.filter(isInfra)]
}

/**
 * Stop and remove a pod, with what was made for it alone.
 *
 * @returns the id of the container that held its namespaces; undefined where there is no such pod
 */
export async function removePod(
  engine: Engine,
  name: string,
  isPatient: boolean,
): Promise<string | undefined> {
  const containers = await containersOfPod(engine, name)
  if (isPatient)
    await Promise.all(
      containers
        .filter(({ state }) => state.pid !== 0 || state.status === 'restarting')
        .map(({ record }) => engine.stop(record.id, {}).catch(ignoreEnded)),
    )
  for (const { record } of containers)
    await engine.remove(record.id, { force: true, volumes: true, timeout: 0 }).catch(ignoreEnded)
  for (const volume of await engine.volumeList())
    if (volume.labels[podLabel] === name) await engine.volumeRemove(volume.name, { force: true })
  rmSync(await contentFolder(engine, name), { recursive: true, force: true })
  return containers.find(isInfra)?.record.id
}

function ignoreEnded(error: unknown): void {
  if (!hasCode(error, 'NOT_FOUND') && !hasCode(error, 'BAD_STATE')) throw error
}
