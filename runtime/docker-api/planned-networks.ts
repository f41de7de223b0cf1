import type { NetworkConnectOptions } from '../cli/engine.ts'
import { withContainerLock } from '../container/container-lock.ts'
import type { ContainerOptions, NetworkMode } from '../container/options.ts'
import { readState } from '../container/read-state.ts'
import { resolveContainer, rewriteRecord } from '../container/record-store.ts'
import type { ApiHost } from './api-call.ts'
import { orNoSuch } from './api-error.ts'

// The networks of a container that does not run are a wish that can be changed: docker-compose makes a
// container with one network and adds the others before it starts it.

type Change = (mode: NetworkMode) => NetworkMode

/** @throws {OperationError} whatever the engine says of one that runs */
export async function joinNetwork(host: ApiHost, wanted: NetworkConnectOptions): Promise<void> {
  const { network, aliases, ip, ip6 } = wanted
  const isPlanned = await changePlan(host, wanted.container, (mode) => {
    const before =
      mode.kind === 'bridge'
        ? { names: ['bridge'] }
        : mode.kind === 'networks'
          ? mode
          : { names: [] }
    const wish = {
      ...(aliases.length > 0 ? { aliases } : {}),
      ...(ip === undefined ? {} : { ip }),
      ...(ip6 === undefined ? {} : { ip6 }),
    }
    const wishes = 'wishes' in before ? before.wishes : {}
    return {
      kind: 'networks',
      names: [...new Set([...before.names, network])],
      wishes: { ...wishes, [network]: wish },
    }
  })
  if (!isPlanned) await host.engine.networkConnect(wanted)
}

export async function leaveNetwork(
  host: ApiHost,
  network: string,
  container: string,
  force: boolean,
): Promise<void> {
  const isPlanned = await changePlan(host, container, (mode) => {
    const names = mode.kind === 'networks' ? mode.names.filter((name) => name !== network) : []
    if (mode.kind !== 'networks') return mode.kind === network ? { kind: 'none' } : mode
    if (names.length === 0) return { kind: 'none' }
    const wishes = Object.entries(mode.wishes ?? {}).filter(([name]) => name !== network)
    return { ...mode, names, wishes: Object.fromEntries(wishes) }
  })
  if (!isPlanned) await host.engine.networkDisconnect(network, container, { force })
}

/** @returns false where the container runs, and has what it has */
async function changePlan(
  { context: { folders } }: ApiHost,
  container: string,
  change: Change,
): Promise<boolean> {
  const { id } = await orNoSuch('container', container, () => resolveContainer(folders, container))
  return withContainerLock(folders, id, async () => {
    const record = resolveContainer(folders, id)
    if (readState(folders, record).pid !== 0) return false
    const network: ContainerOptions['network'] = {
      ...record.options.network,
      mode: change(record.options.network.mode),
    }
    rewriteRecord(folders, { ...record, options: { ...record.options, network } })
    return true
  })
}
