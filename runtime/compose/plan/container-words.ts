// A service as the words of `mycontainer run`: one way in for everything, and what is shown when somebody asks.

import { OperationError } from '../../../native/error.ts'
import { parseDuration } from '../../container/parse/duration.ts'
import type { Project } from '../model/project.ts'
import type { HealthCheck, Service, Texts } from '../model/service.ts'
import { mountWords } from './mount-words.ts'
import type { ContentPaths } from './mount-words.ts'
import { joined, networkWords } from './network-words.ts'
import type { NetworkNames } from './network-words.ts'

export interface ContainerPlace extends NetworkNames {
  readonly contents: ContentPaths
  readonly keptVolumes: ReadonlyMap<string, string>
  /** Of env_file, already read. */
  readonly fileVariables: ReadonlyMap<string, string>
  readonly labels: Texts
  readonly image: string
}

export interface ContainerWords {
  readonly flags: readonly string[]
  readonly image: string
  readonly command: readonly string[]
}

type Value = string | number | undefined

/** `--name value` where there is a value. */
const flag = (name: string, value: Value): string[] =>
  value === undefined ? [] : [`--${name}`, String(value)]
const toggle = (name: string, isOn: boolean | undefined): string[] =>
  isOn === true ? [`--${name}`] : []
const each = (name: string, values: readonly string[] | undefined): string[] =>
  (values ?? []).flatMap((value) => [`--${name}`, value])
const pairs = (name: string, values: Texts | undefined): string[] =>
  Object.entries(values ?? {}).flatMap(([key, value]) => [`--${name}`, `${key}=${value}`])

export function containerWords(
  project: Project,
  service: Service,
  place: ContainerPlace,
): ContainerWords {
  const { containerOf } = place
  const flags = [
    ...flag('name', place.container),
    ...pairs('label', { ...service.labels, ...place.labels }),
    ...pairs('annotation', service.annotations),
    ...processWords(project, service, place),
    ...namespaceWords(service, containerOf),
    ...networkWords(project, service, place),
    ...mountWords(project, service, { contents: place.contents, kept: place.keptVolumes }),
    ...each(
      'volumes-from',
      service.volumesFrom?.map((one) => volumesFrom(one, containerOf)),
    ),
    ...resourceWords(service),
    ...securityWords(service),
    ...endingWords(service),
    ...(service.healthcheck ? healthWords(service.healthcheck) : []),
    ...flag('log-driver', service.logging?.driver),
    ...pairs('log-opt', service.logging?.options),
  ]
  return { flags, image: place.image, command: service.command ?? [] }
}

function processWords(
  { environment: callers }: Project,
  service: Service,
  { fileVariables }: ContainerPlace,
): string[] {
  const variables = new Map(fileVariables)
  for (const [name, value] of Object.entries(service.environment ?? {})) {
    const found = value ?? callers[name]
    if (found !== undefined) variables.set(name, found)
    else variables.delete(name)
  }
  return [
    ...[...variables].flatMap(([name, value]) => ['--env', `${name}=${value}`]),
    ...flag('hostname', service.hostname),
    ...flag('domainname', service.domainname),
    ...flag('user', service.user),
    ...flag('workdir', service.workingDir),
    ...flag('entrypoint', service.entrypoint && JSON.stringify(service.entrypoint)),
    ...each('group-add', service.groupAdd),
    ...toggle('init', service.init),
    ...toggle('tty', service.tty),
    ...toggle('interactive', service.stdinOpen),
    ...flag('platform', service.platform),
  ]
}

function namespaceWords(service: Service, containerOf: (name: string) => string): string[] {
  const mode = (value: string | undefined) => value && joined(value, containerOf)
  return [
    ...flag('pid', mode(service.pid)),
    ...flag('ipc', mode(service.ipc)),
    ...flag('uts', service.uts),
    ...flag('userns', service.usernsMode),
    ...flag('cgroupns', service.cgroup),
    ...flag('cgroup-parent', service.cgroupParent),
  ]
}

/** `SERVICE[:ro]`, or `container:NAME[:ro]`. */
function volumesFrom(text: string, containerOf: (name: string) => string): string {
  const [first = '', ...rest] = text.split(':')
  return first === 'container' ? rest.join(':') : [containerOf(first), ...rest].join(':')
}

function resourceWords(service: Service): string[] {
  const { limits, reservations } = service.deploy ?? {}
  return [
    ...flag('memory', service.memory ?? limits?.memory),
    ...flag('memory-reservation', service.memoryReservation ?? reservations?.memory),
    ...flag('memory-swap', service.memorySwap),
    ...flag('memory-swappiness', service.memorySwappiness),
    ...flag('cpus', service.cpus ?? limits?.cpus),
    ...flag('cpu-shares', service.cpuShares),
    ...flag('cpu-period', service.cpuPeriod),
    ...flag('cpu-quota', service.cpuQuota),
    ...flag('cpu-rt-period', service.cpuRealtimePeriod),
    ...flag('cpu-rt-runtime', service.cpuRealtimeRuntime),
    ...flag('cpuset-cpus', service.cpuset),
    ...flag('pids-limit', service.pidsLimit ?? limits?.pids),
    ...flag('shm-size', service.shmSize),
    ...toggle('oom-kill-disable', service.oomKillDisable),
    ...flag('oom-score-adj', service.oomScoreAdj),
    ...Object.entries(service.blockIo ?? {}).flatMap(([name, values]) => each(name, values)),
    ...pairs('ulimit', service.ulimits),
    ...pairs('storage-opt', service.storageOpt),
  ]
}

function securityWords(service: Service): string[] {
  return [
    ...toggle('privileged', service.privileged),
    ...toggle('read-only', service.readOnly),
    ...each('cap-add', service.capAdd),
    ...each('cap-drop', service.capDrop),
    // Compose also writes `NAME:VALUE`.
    ...each(
      'security-opt',
      service.securityOpt?.map((one) => one.replace(/^([a-z-]+):/, '$1=')),
    ),
    ...each('device', service.devices),
    ...each('gpus', service.gpus),
    ...each('device-cgroup-rule', service.deviceCgroupRules),
    ...pairs('sysctl', service.sysctls),
  ]
}

function endingWords(service: Service): string[] {
  return [
    ...flag('restart', restartPolicy(service)),
    ...flag('stop-signal', service.stopSignal),
    ...flag('stop-timeout', stopSeconds(service)),
  ]
}

/** Whole seconds; absent: the engine's. */
export function stopSeconds({ stopGracePeriod }: Service): number | undefined {
  if (stopGracePeriod === undefined) return undefined
  return Math.ceil(parseDuration(stopGracePeriod) / 1000)
}

function restartPolicy({ restart, deploy }: Service): string | undefined {
  if (restart !== undefined) return restart
  const { condition, maxAttempts } = deploy?.restart ?? {}
  if (condition === undefined && maxAttempts === undefined) return undefined
  if (condition === 'none') return 'no'
  if (condition === 'on-failure')
    return maxAttempts === undefined ? 'on-failure' : `on-failure:${maxAttempts}`
  return condition === 'unless-stopped' ? condition : 'always'
}

function healthWords(check: HealthCheck): string[] {
  const [kind] = check.test ?? []
  if (check.disable === true || kind === 'NONE') return ['--no-healthcheck']
  if (check.test !== undefined && kind !== 'CMD' && kind !== 'CMD-SHELL')
    throw new OperationError(
      'INVALID_ARGUMENT',
      'healthcheck.test must begin with NONE, CMD or CMD-SHELL',
      {},
      { exitCode: 1 },
    )
  return [
    ...flag('health-cmd', check.test && JSON.stringify(check.test)),
    ...flag('health-interval', check.interval),
    ...flag('health-timeout', check.timeout),
    ...flag('health-retries', check.retries),
    ...flag('health-start-period', check.startPeriod),
    ...flag('health-start-interval', check.startInterval),
  ]
}
