import { requireStateRoot, requireUserFolders } from '../../native/state-root.ts'
import { type ImageStore, openImageStore } from '../../rootfs/store/image-store.ts'
import type { CommandIo } from '../cli/command-io.ts'
import type { Engine, OpenEngine } from '../cli/engine.ts'
import { readHostFacts } from '../inspect-host/host-facts.ts'
import { defaultOptions } from './default-options.ts'
import type { EngineContext } from './engine-context.ts'
import { ensureImage } from './ensure-image.ts'
import { engineFolders, hostUser } from './folders.ts'
import { type ProgramLauncher, Zygote } from './zygote.ts'

// One method per verb, each loading its own part when it is called: a command that lists
// containers does not pay for the compiler.

/** The engine of one state root. Opening it reads nothing but facts about the host. */
export const openEngine: OpenEngine = async ({ root, env }) => engineOf(openContext(root, env))

/** The same over a launcher of programs that is there already. */
export function openEngineWith(launcher: ProgramLauncher | undefined): OpenEngine {
  return async ({ root, env }) => {
    const context = openContext(root, env)
    return engineOf(launcher ? { ...context, zygote: launcher } : context)
  }
}

/** What every verb needs, for one state root. */
export function openContext(
  root: string | undefined,
  env: Readonly<Record<string, string | undefined>>,
  cwd = process.cwd(),
): EngineContext {
  const folders = engineFolders(root, env, hostUser(env), cwd)
  if (folders.root !== undefined) requireStateRoot(folders.root)
  else if (hostUser(env) !== 0) requireUserFolders(folders)
  let store: ImageStore | undefined
  return {
    folders,
    env,
    facts: readHostFacts(),
    zygote: new Zygote(),
    images: async () => (store ??= openImageStore(folders)),
  }
}

/** All verbs over one context. */
export function engineOf(context: EngineContext): Engine {
  return {
    root: context.folders.root,
    ...lifeCycle(context),
    ...views(context),
    ...images(context),
    ...networks(context),
    ...volumes(context),
    ...secrets(context),
    ...host(context),
  }
}

type LifeCycle = Pick<
  Engine,
  | 'create'
  | 'run'
  | 'start'
  | 'stop'
  | 'restart'
  | 'kill'
  | 'pause'
  | 'unpause'
  | 'wait'
  | 'remove'
  | 'removeWithDependents'
  | 'rename'
  | 'update'
  | 'exec'
  | 'attach'
  | 'copy'
  | 'pruneContainers'
  | 'healthcheck'
>

function sayTo(io: CommandIo): (line: string) => void {
  return (line) => void io.stderr.write(`${line}\n`)
}

function lifeCycle(context: EngineContext): LifeCycle {
  return {
    async create(options, io) {
      if (!options.dryRun) await ensureImage(context, options, sayTo(io))
      if (options.explain || options.dryRun) {
        const { explainCreate } = await import('./explain-run.ts')
        return explainCreate(context, options, io)
      }
      const { createContainer } = await import('./create.ts')
      return createContainer(context, options)
    },
    async run(options, io) {
      if (!options.dryRun) await ensureImage(context, options, sayTo(io))
      if (options.explain || options.dryRun || options.timings) {
        const { explainRun } = await import('./explain-run.ts')
        return explainRun(context, options, io)
      }
      const { runContainer } = await import('./run.ts')
      return runContainer(context, options, io)
    },
    async start(container, options, io) {
      const { startAgain } = await import('./run.ts')
      return startAgain(context, container, options, io)
    },
    async stop(container, options) {
      const { stopContainer } = await import('./stop.ts')
      await stopContainer(context, container, options)
    },
    async restart(container, options) {
      const { restartContainer } = await import('./restart.ts')
      await restartContainer(context, container, options)
    },
    async kill(container, signal) {
      const { killContainer } = await import('./kill.ts')
      await killContainer(context, container, signal)
    },
    async pause(container) {
      const { pauseContainer } = await import('./pause.ts')
      pauseContainer(context, container)
    },
    async unpause(container) {
      const { unpauseContainer } = await import('./pause.ts')
      unpauseContainer(context, container)
    },
    async wait(container, condition) {
      const { waitContainer } = await import('./wait.ts')
      return waitContainer(context.folders, container, condition)
    },
    async remove(container, options) {
      const { removeContainer } = await import('./remove.ts')
      await removeContainer(context, container, options)
    },
    async removeWithDependents(container, options) {
      const { removeWithDependents } = await import('./remove.ts')
      return removeWithDependents(context, container, options)
    },
    async rename(container, name) {
      const { renameContainer } = await import('./rename.ts')
      await renameContainer(context, container, name)
    },
    async update(container, options) {
      const { updateContainer } = await import('./update.ts')
      await updateContainer(context, container, options)
    },
    async exec(container, options, io) {
      const { execInContainer } = await import('./exec.ts')
      return execInContainer(context, container, options, io)
    },
    async attach(container, options, io) {
      const { attachContainer } = await import('./run.ts')
      return attachContainer(context, container, options, io)
    },
    async copy(options, io) {
      const { copyFiles } = await import('./copy.ts')
      await copyFiles(context, options, io)
    },
    async pruneContainers(filter) {
      const { pruneContainers } = await import('./prune.ts')
      return pruneContainers(context, filter)
    },
    async healthcheck(container) {
      const { healthcheck } = await import('./health.ts')
      return healthcheck(context, container)
    },
  }
}

type Views = Pick<
  Engine,
  'list' | 'inspect' | 'ociConfig' | 'logs' | 'events' | 'stats' | 'audit' | 'top' | 'diff'
>

function views(context: EngineContext): Views {
  return {
    async list(options) {
      const { listContainers } = await import('./list.ts')
      return listContainers(context, options)
    },
    async inspect(container, options) {
      const { inspectContainer } = await import('./list.ts')
      return inspectContainer(context, container, options?.size ?? false)
    },
    async ociConfig(container) {
      const { readOciConfig } = await import('./oci-config-file.ts')
      return readOciConfig(context, container)
    },
    async *logs(container, options) {
      const { containerLogs } = await import('./container-logs.ts')
      yield* containerLogs(context, container, options)
    },
    async *events(options) {
      const { readEvents } = await import('./events.ts')
      yield* readEvents(context.folders, options)
    },
    async *stats(containers, options) {
      const { statsOfContainers } = await import('./container-stats.ts')
      yield* statsOfContainers(context, containers, options)
    },
    async audit(container) {
      const { auditContainer } = await import('../audit/audit-container.ts')
      return auditContainer(context, container)
    },
    async top(container, options) {
      const { topContainer } = await import('./top.ts')
      return topContainer(context, container, options)
    },
    async diff(container) {
      const { diffOfContainer } = await import('./diff.ts')
      return diffOfContainer(context, container)
    },
  }
}

type Images = Pick<
  Engine,
  | 'imageId'
  | 'imageInspect'
  | 'imageNames'
  | 'ensureImage'
  | 'commit'
  | 'exportContainer'
  | 'diskUsage'
  | 'pruneImages'
>

function images(context: EngineContext): Images {
  return {
    async commit(container, options) {
      const { commitContainer } = await import('./commit.ts')
      return commitContainer(context, container, options)
    },
    async exportContainer(container, output) {
      const { exportContainer } = await import('./export.ts')
      await exportContainer(context, container, output)
    },
    diskUsage: async () => (await import('./disk-usage.ts')).diskUsage(context),
    async pruneImages(filter, options) {
      const { pruneUnusedImages } = await import('./prune-images.ts')
      return pruneUnusedImages(context, filter, options)
    },
    imageNames: async () => (await context.images()).list().flatMap(({ references }) => references),
    imageId: async (reference) => (await context.images()).find(reference)?.id,
    async imageInspect(reference) {
      const { inspectImage } = await import('../../rootfs/inspect-image.ts')
      const store = await context.images()
      return inspectImage(store, store.require(reference))
    },
    ensureImage: async (reference, wanted, io) =>
      ensureImage(context, { ...defaultOptions(reference), ...wanted }, sayTo(io)),
  }
}

type Networks = Pick<
  Engine,
  | 'networkCreate'
  | 'networkList'
  | 'networkInspect'
  | 'networkRemove'
  | 'networkConnect'
  | 'networkReload'
  | 'networkUpdate'
  | 'networkDisconnect'
  | 'networkPrune'
>

function networks(context: EngineContext): Networks {
  const load = () => import('./engine-networks.ts')
  return {
    networkCreate: async (options) => (await load()).createUserNetwork(context, options),
    networkList: async () => (await load()).listUserNetworks(context),
    networkInspect: async (network) => (await load()).inspectNetwork(context, network),
    networkRemove: async (network, options) =>
      (await load()).removeUserNetwork(context, network, options.force),
    async networkConnect(options) {
      const { connectNetwork } = await import('./connect-network.ts')
      await connectNetwork(context, options)
    },
    networkReload: async (container) =>
      (await import('./reload-network.ts')).reloadNetworks(context, container),
    networkUpdate: async (network, servers) =>
      (await import('./reload-network.ts')).updateNetwork(context, network, servers),
    async networkDisconnect(network, container, { force }) {
      const { disconnectNetwork } = await import('./disconnect-network.ts')
      await disconnectNetwork(context, network, container, force)
    },
    networkPrune: async (filter) => (await load()).pruneNetworks(context, filter),
  }
}

type Volumes = Pick<
  Engine,
  'volumeCreate' | 'volumeList' | 'volumeInspect' | 'volumeRemove' | 'volumePrune'
>

function volumes(context: EngineContext): Volumes {
  const load = () => import('./engine-volumes.ts')
  return {
    volumeCreate: async (name, options) => (await load()).createVolume(context, name, options),
    volumeList: async () => (await load()).listAllVolumes(context),
    volumeInspect: async (volume) => (await load()).inspectVolume(context, volume),
    volumeRemove: async (volume, options) =>
      (await load()).removeNamedVolume(context, volume, options.force),
    volumePrune: async (filter, options) =>
      (await load()).pruneVolumes(context, filter, options.all),
  }
}

type Secrets = Pick<
  Engine,
  'secretCreate' | 'secretList' | 'secretInspect' | 'secretData' | 'secretRemove'
>

function secrets({ folders: { dataDir } }: EngineContext): Secrets {
  const load = () => import('../secret/secret-store.ts')
  return {
    secretCreate: async (wish) => (await load()).createSecret(dataDir, wish),
    secretList: async () => (await load()).listSecrets(dataDir),
    secretInspect: async (secret) => (await load()).requireSecret(dataDir, secret),
    async secretData(secret) {
      const { readSecret, requireSecret } = await load()
      return readSecret(dataDir, requireSecret(dataDir, secret))
    },
    secretRemove: async (secret) => (await load()).removeSecret(dataDir, secret),
  }
}

type Host = Pick<Engine, 'version' | 'info' | 'doctor' | 'namespaces' | 'limit' | 'serve'>

function host(context: EngineContext): Host {
  return {
    version: async () => (await import('./engine-info.ts')).versionInfo(context),
    info: async () => (await import('./engine-info.ts')).systemInfo(context),
    doctor: async () => (await import('./engine-host.ts')).findings(context),
    namespaces: async (pids) => (await import('./engine-host.ts')).namespaceReports(pids),
    limit: async (options, io) => (await import('./engine-host.ts')).limit(context, options, io),
    serve: async (options, io) => {
      if (options.docker) {
        const { serveDocker } = await import('../docker-api/serve-docker.ts')
        return serveDocker(context, options, io)
      }
      const { serveEngine } = await import('../resident-engine/serve.ts')
      return serveEngine(context, options, io)
    },
  }
}
