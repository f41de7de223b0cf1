import { OperationError } from '../../native/error.ts'
import type { CommandIo } from '../cli/command-io.ts'
import type { Engine } from '../cli/engine.ts'
import { defaultOptions } from '../container/default-options.ts'
import type { ContainerOptions } from '../container/options.ts'
import { parseName } from '../container/parse/name.ts'
import { randomName } from '../container/random-name.ts'
import { podLabel, roleLabel } from '../kube/pod-labels.ts'
import { removePod } from '../kube/play-kube.ts'
import { type Share, defaultShares, listPods, shareLabel } from './pod.ts'

export interface PodWish {
  readonly name: string
  /** Of the container that holds the namespaces; absent: the pod's with `-infra`. */
  readonly infraName?: string | undefined
  readonly shares: readonly Share[]
  readonly replace: boolean
  /** What the infra container is made with: networks, ports, names. */
  readonly options: ContainerOptions
}

/** @returns id of the pod. @throws {OperationError} `ALREADY_EXISTS`; what create throws */
export async function createPod(engine: Engine, wish: PodWish, io: CommandIo): Promise<string> {
  const { name, options, shares, replace } = wish
  const other = (await listPods(engine)).find((pod) => pod.name === name)
  if (other && replace) await removePod(engine, name, false)
  else if (other) throw nameTaken(name)
  const { id } = await engine.create({ ...options, ...infraOptions(wish, shares) }, io)
  return id
}

/**
 * `run --pod new:NAME`: a pod that has the network that was asked for the container.
 *
 * @returns its id, and what is left for the container
 * @throws {OperationError} `ALREADY_EXISTS`, `INVALID_ARGUMENT` for the name
 */
export async function createPodFor(
  engine: Engine,
  name: string,
  options: ContainerOptions,
  io: CommandIo,
): Promise<{ readonly id: string; readonly rest: ContainerOptions }> {
  const { hostname, network, ...others } = options
  const plain = defaultOptions('host')
  const id = await createPod(
    engine,
    {
      name: parseName('pod', name === '' ? randomName() : name),
      shares: defaultShares,
      replace: false,
      options: { ...plain, command: ['sleep', 'infinity'], network, hostname },
    },
    io,
  )
  return { id, rest: { ...others, network: plain.network } }
}

function infraOptions(
  { name, infraName = `${name}-infra`, options }: PodWish,
  shares: readonly Share[],
): Partial<ContainerOptions> {
  const { hostname, namespaces, network } = options
  const isPlain = namespaces.uts.kind === 'private' && network.mode.kind !== 'host'
  return {
    name: infraName,
    labels: {
      ...options.labels,
      [podLabel]: name,
      [roleLabel]: 'infra',
      [shareLabel]: shares.join(','),
    },
    ...(isPlain ? { hostname: hostname ?? name.slice(0, 63) } : {}),
    namespaces: {
      ...namespaces,
      ipc: namespaces.ipc.kind === 'private' ? { kind: 'shareable' } : namespaces.ipc,
    },
    init: true,
    stopTimeout: 0,
    detach: true,
  }
}

function nameTaken(name: string): OperationError {
  return new OperationError(
    'ALREADY_EXISTS',
    `name ${name} is in use: pod already exists`,
    {},
    { hint: 'Choose another, or put this one in its place with --replace' },
  )
}
