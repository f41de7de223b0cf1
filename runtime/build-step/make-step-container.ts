import { existsSync, mkdirSync, rmSync, symlinkSync } from 'node:fs'
import type { RunRequest } from '../../rootfs/build-steps/run-request.ts'
import { containerFolder } from '../container/container-folder.ts'
import { defaultOptions } from '../container/default-options.ts'
import type { EngineContext } from '../container/engine-context.ts'
import { newContainerId, timestamp } from '../container/identifier.ts'
import { claimName } from '../container/name-registry.ts'
import type { ContainerOptions } from '../container/options.ts'
import { mergeEnvironment } from '../container/parse/environment.ts'
import type { ContainerRecord } from '../container/record.ts'
import { beginRecord, isBeingMade, publishRecord } from '../container/record-store.ts'
import { removeContainer } from '../container/remove.ts'
import { stepImagePrefix, writeStepLayers } from './step-layers.ts'
import { stepAnnotation, stepOwner } from './step-owner.ts'
import type { PreparedMounts } from './step-mounts.ts'

const defaultPath = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'

const stepHostname = 'buildstep'

/** A container that a RUN is about to be executed in. */
export interface StepContainer {
  readonly record: ContainerRecord
  /** Take back what its monitor has not: nothing, where it ended as it should. */
  remove(): Promise<void>
}

/**
 * Publish a container whose writable folder is that of the step. It is of the kind that its monitor
 * removes when it ends: the step's folder is only linked there, and stays.
 */
export function makeStepContainer(
  context: EngineContext,
  request: RunRequest,
  mounts: PreparedMounts,
): StepContainer {
  const { folders } = context
  const id = newContainerId()
  const record = stepRecord(context, request, mounts, id)
  const being = beginRecord(folders, id)
  try {
    claimName(folders, record.name, id, (other) => isBeingMade(folders, other))
    symlinkSync(request.step.upper, being.upper)
    writeStepLayers(being, request.step)
    for (const path of [being.work, being.logs]) mkdirSync(path, { mode: 0o755 })
    publishRecord(folders, being, record, false)
  } catch (error) {
    rmSync(being.path, { recursive: true, force: true })
    throw error
  }
  return {
    record,
    async remove() {
      if (!existsSync(containerFolder(folders, id).path)) return
      await removeContainer(context, id, { force: true, volumes: true })
    },
  }
}

function stepRecord(
  { folders, facts }: EngineContext,
  request: RunRequest,
  { mounts, env: secretEnv }: PreparedMounts,
  id: string,
): ContainerRecord {
  const folder = containerFolder(folders, id)
  const options = stepOptions(request, mounts, facts.rootless)
  return {
    version: 1,
    id,
    name: `build-${id.slice(0, 12)}`,
    created: timestamp(),
    options,
    resolved: {
      entrypoint: [],
      command: request.command,
      env: mergeEnvironment([defaultPath], [...request.env, ...secretEnv]),
      workdir: request.workdir,
      user: request.user,
      stopSignal: 'SIGTERM',
      labels: {},
      exposedPorts: [],
      imageVolumes: [],
    },
    imageId: `${stepImagePrefix}${id}`,
    imageReference: options.image,
    mounts: mounts.map(({ spec, source }) => ({
      type: spec.kind,
      source,
      destination: spec.destination,
      readWrite: !spec.readOnly,
      propagation: spec.propagation ?? '',
      anonymous: false,
    })),
    bundlePath: folder.path,
    configPath: folder.config,
    rootfsPath: `${folder.path}/merged`,
    logPath: '',
    hostnamePath: folder.hostname,
    hostsPath: folder.hosts,
    resolvConfPath: folder.resolvConf,
    cgroupPath: `/mycontainer/${id}`,
  }
}

function stepOptions(
  request: RunRequest,
  mounts: PreparedMounts['mounts'],
  isRootless: boolean,
): ContainerOptions {
  const defaults = defaultOptions('build step')
  const { memory, cpus, pids } = request
  return {
    ...defaults,
    command: request.command,
    interactive: request.input !== undefined,
    // The same for every step: what writes it down must not differ from build to build.
    hostname: request.hostname ?? stepHostname,
    rm: true,
    shmSize: request.shmSize,
    mounts: mounts.map(({ spec }) => spec),
    ulimits: request.ulimits ?? [],
    resources: { memory, cpus, pidsLimit: pids },
    security: { ...defaults.security, privileged: request.insecure ?? false },
    network: {
      ...defaults.network,
      mode: { kind: networkKind(request.network, isRootless) },
      addHosts: request.addHosts ?? [],
    },
    log: { driver: 'none', other: {} },
    annotations: { [stepAnnotation]: stepOwner() },
  }
}

/** An ordinary user's bridge leads nowhere: what a build downloads comes through the host's network. */
function networkKind(
  network: RunRequest['network'],
  isRootless: boolean,
): 'bridge' | 'host' | 'none' {
  if (network !== 'default') return network
  return isRootless ? 'host' : 'bridge'
}
