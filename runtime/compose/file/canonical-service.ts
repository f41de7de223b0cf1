import { dirname } from 'node:path'
import type {
  Build,
  Dependency,
  Deploy,
  FileReference,
  HealthCheck,
  Service,
  ServiceNetwork,
  Texts,
} from '../model/service.ts'
import { canonicalHook, canonicalHooks } from './canonical-hooks.ts'
import { canonicalPort, canonicalVolume, hostPath } from './canonical-mounts.ts'
import { deviceRequests } from './device-requests.ts'
import type { WrittenService } from './service-schema.ts'
import {
  invalidField,
  present,
  toCommand,
  toFlag,
  toNumber,
  toText,
  toTexts,
  toVariables,
  toWords,
} from './spelling.ts'

type Field<K extends keyof WrittenService> = NonNullable<WrittenService[K]>

/**
 * @param folder what paths in it are relative to
 * @throws {OperationError} `INVALID_ARGUMENT` with the field
 */
export function canonicalService(written: WrittenService, folder: string, at: string): Service {
  const { healthcheck, build, logging } = written
  return present({
    ...canonicalResources(written),
    ...canonicalNetworking(written, at),
    ...canonicalLists(written, at),
    postStart: written.post_start && canonicalHooks(written.post_start, `${at}.post_start`),
    preStop: written.pre_stop && canonicalHooks(written.pre_stop, `${at}.pre_stop`),
    build: build === undefined ? undefined : canonicalBuild(build, folder),
    cgroup: written.cgroup,
    cgroupParent: written.cgroup_parent,
    command: toCommand(written.command, `${at}.command`),
    configs: written.configs?.map(canonicalReference),
    containerName: written.container_name,
    dependsOn: written.depends_on && canonicalDependencies(written.depends_on),
    deploy: written.deploy ? canonicalDeploy(written.deploy) : undefined,
    entrypoint: toCommand(written.entrypoint, `${at}.entrypoint`),
    envFiles: written.env_file === undefined ? undefined : envFiles(written.env_file, folder),
    healthcheck: healthcheck && canonicalHealthCheck(healthcheck),
    image: written.image,
    init: toFlag(written.init),
    ipc: written.ipc,
    labelFiles: toWords(written.label_file)?.map((path) => hostPath(path, folder)),
    logging:
      logging &&
      present({ driver: logging.driver, options: logging.options && toTexts(logging.options) }),
    pid: written.pid,
    platform: written.platform,
    privileged: toFlag(written.privileged),
    pullPolicy: written.pull_policy,
    readOnly: toFlag(written.read_only),
    restart: written.restart,
    scale: toNumber(written.scale),
    secrets: written.secrets?.map(canonicalReference),
    attach: toFlag(written.attach),
    stdinOpen: toFlag(written.stdin_open),
    stopGracePeriod: toText(written.stop_grace_period),
    stopSignal: written.stop_signal,
    tty: toFlag(written.tty),
    user: toText(written.user),
    usernsMode: written.userns_mode,
    uts: written.uts,
    volumes: written.volumes?.map((one, index) =>
      canonicalVolume(one, folder, `${at}.volumes[${index}]`),
    ),
    watch: written.develop?.watch?.map((rule, index) =>
      watchRule(rule, folder, `${at}.develop.watch[${index}]`),
    ),
    workingDir: written.working_dir,
  })
}

function canonicalResources(written: WrittenService): Partial<Service> {
  return present({
    blockIo: written.blkio_config && blockIo(written.blkio_config),
    cpuPeriod: toText(written.cpu_period),
    cpuQuota: toText(written.cpu_quota),
    cpuRealtimePeriod: toText(written.cpu_rt_period),
    cpuRealtimeRuntime: toText(written.cpu_rt_runtime),
    cpuShares: toText(written.cpu_shares),
    cpus: toText(written.cpus),
    cpuset: toText(written.cpuset),
    memory: toText(written.mem_limit),
    memoryReservation: toText(written.mem_reservation),
    memorySwap: toText(written.memswap_limit),
    memorySwappiness: toText(written.mem_swappiness),
    oomKillDisable: toFlag(written.oom_kill_disable),
    oomScoreAdj: toText(written.oom_score_adj),
    pidsLimit: toText(written.pids_limit),
    shmSize: toText(written.shm_size),
    ulimits: written.ulimits && ulimits(written.ulimits),
  })
}

function blockIo(written: Field<'blkio_config'>): NonNullable<Service['blockIo']> {
  const { weight, weight_device: devices = [] } = written
  const rates = (['read_bps', 'read_iops', 'write_bps', 'write_iops'] as const).map(
    (kind): [string, string[]] => [
      `device-${kind.replace('_', '-')}`,
      (written[`device_${kind}`] ?? []).map(({ path = '', rate = '' }) => `${path}:${rate}`),
    ],
  )
  const all: [string, string[]][] = [
    ['blkio-weight', weight === undefined ? [] : [String(weight)]],
    ['blkio-weight-device', devices.map(({ path = '', weight: own = '' }) => `${path}:${own}`)],
    ...rates,
  ]
  return Object.fromEntries(all.filter(([, values]) => values.length > 0))
}

function canonicalNetworking(written: WrittenService, at: string): Partial<Service> {
  return present({
    dns: toWords(written.dns),
    dnsOptions: toWords(written.dns_opt),
    dnsSearch: toWords(written.dns_search),
    domainname: written.domainname,
    expose: toWords(written.expose),
    extraHosts: written.extra_hosts && extraHosts(written.extra_hosts),
    hostname: written.hostname,
    links: toWords(written.links),
    macAddress: written.mac_address,
    networkMode: written.network_mode,
    networks: written.networks && canonicalNetworks(written.networks),
    ports: written.ports?.map((one, index) => canonicalPort(one, `${at}.ports[${index}]`)),
  })
}

function canonicalLists(written: WrittenService, at: string): Partial<Service> {
  const asked = deviceRequests(written.gpus, `${at}.gpus`)
  const reserved = deviceRequests(
    written.deploy?.resources?.reservations?.devices,
    `${at}.deploy.resources.reservations.devices`,
  )
  const gpus = [...asked.gpus, ...reserved.gpus]
  const devices = [...(written.devices ?? []).map(device), ...asked.names, ...reserved.names]
  return present({
    gpus: gpus.length === 0 ? undefined : gpus,
    annotations: toTexts(written.annotations),
    capAdd: toWords(written.cap_add),
    capDrop: toWords(written.cap_drop),
    deviceCgroupRules: toWords(written.device_cgroup_rules),
    devices: written.devices || devices.length > 0 ? devices : undefined,
    environment: toVariables(written.environment),
    groupAdd: toWords(written.group_add),
    labels: toTexts(written.labels),
    profiles: toWords(written.profiles),
    securityOpt: toWords(written.security_opt),
    storageOpt: toTexts(written.storage_opt),
    sysctls: toTexts(written.sysctls),
    tmpfs: toWords(written.tmpfs),
    volumesFrom: toWords(written.volumes_from),
  })
}

function canonicalBuild(written: Field<'build'>, folder: string): Build {
  if (typeof written === 'string') return { context: context(written, folder) }
  return present({
    context: context(written.context ?? '.', folder),
    dockerfile: written.dockerfile,
    dockerfileInline: written.dockerfile_inline,
    args: toVariables(written.args),
    target: written.target,
    labels: toTexts(written.labels),
    cacheFrom: toWords(written.cache_from),
    cacheTo: toWords(written.cache_to),
    noCache: toFlag(written.no_cache),
    pull: toFlag(written.pull),
    platforms: toWords(written.platforms),
    network: written.network,
    tags: toWords(written.tags),
    secrets: written.secrets?.map((one) =>
      canonicalReference(one as NonNullable<WrittenService['secrets']>[number]),
    ),
  })
}

function context(path: string, folder: string): string {
  return /^[a-z+]+:\/\//.test(path) ? path : hostPath(path, folder)
}

function canonicalDeploy(written: Field<'deploy'>): Deploy {
  const { limits, reservations } = written.resources ?? {}
  const policy = written.restart_policy
  return present({
    labels: toTexts(written.labels),
    mode: written.mode,
    replicas: toNumber(written.replicas),
    limits:
      limits &&
      present({
        cpus: toText(limits.cpus),
        memory: toText(limits.memory),
        pids: toNumber(limits.pids),
      }),
    reservations: reservations && present({ memory: toText(reservations.memory) }),
    restart:
      policy &&
      present({ condition: policy.condition, maxAttempts: toNumber(policy.max_attempts) }),
  })
}

function canonicalHealthCheck(written: Field<'healthcheck'>): HealthCheck {
  const { test } = written
  return present({
    disable: toFlag(written.disable),
    test: typeof test === 'string' ? ['CMD-SHELL', test] : toWords(test),
    interval: toText(written.interval),
    timeout: toText(written.timeout),
    retries: toNumber(written.retries),
    startPeriod: toText(written.start_period),
    startInterval: toText(written.start_interval),
  })
}

function canonicalDependencies(written: Field<'depends_on'>): Record<string, Dependency> {
  const plain: Dependency = { condition: 'service_started', restart: false, required: true }
  if (Array.isArray(written)) return Object.fromEntries(written.map((name) => [name, plain]))
  return Object.fromEntries(
    Object.entries(written).map(([name, { condition, restart, required }]) => [
      name,
      {
        condition: condition ?? plain.condition,
        restart: toFlag(restart) ?? false,
        required: toFlag(required) ?? true,
      },
    ]),
  )
}

function canonicalNetworks(written: Field<'networks'>): Record<string, ServiceNetwork> {
  if (Array.isArray(written)) return Object.fromEntries(written.map((name) => [name, {}]))
  return Object.fromEntries(
    Object.entries(written).map(([name, wish]) => [
      name,
      present({
        aliases: toWords(wish?.aliases),
        ipv4: wish?.ipv4_address,
        ipv6: wish?.ipv6_address,
        mac: wish?.mac_address,
        priority: toNumber(wish?.gw_priority ?? wish?.priority),
      }),
    ]),
  )
}

function canonicalReference(
  written: NonNullable<WrittenService['secrets']>[number],
): FileReference {
  if (typeof written === 'string') return { source: written }
  return present({
    source: written.source ?? '',
    target: written.target,
    uid: toText(written.uid),
    gid: toText(written.gid),
    // YAML reads 0440 as a decimal, or 0o440 as what it means.
    mode: typeof written.mode === 'number' ? written.mode.toString(8) : written.mode,
  })
}

function envFiles(written: Field<'env_file'>, folder: string): Service['envFiles'] {
  return [written].flat().map((one) => {
    if (typeof one === 'string') return { path: hostPath(one, folder), required: true }
    const { path = '', required, format } = one
    return present({ path: hostPath(path, folder), required: toFlag(required) ?? true, format })
  })
}

function device(written: Field<'devices'>[number]): string {
  if (typeof written === 'string') return written
  const { source = '', target = source, permissions = 'rwm' } = written
  return `${source}:${target}:${permissions}`
}

function extraHosts(written: Field<'extra_hosts'>): string[] {
  if (Array.isArray(written))
    return written.map((line) => String(line).replace(/^([^=:]+)[=:]\s*/, '$1:'))
  return Object.entries(written).flatMap(([host, addresses]) =>
    (toWords(addresses) ?? []).map((address) => `${host}:${address}`),
  )
}

function ulimits(written: Field<'ulimits'>): Texts {
  return Object.fromEntries(
    Object.entries(written).map(([name, limit]) => {
      if (typeof limit !== 'object') return [name, `${limit}:${limit}`]
      const { soft = limit.hard ?? '', hard = soft } = limit
      return [name, `${soft}:${hard}`]
    }),
  )
}

type WrittenRule = NonNullable<NonNullable<Field<'develop'>['watch']>[number]>

function watchRule(
  { path, action, target, ignore, include, initial_sync, exec }: WrittenRule,
  folder: string,
  at: string,
): NonNullable<Service['watch']>[number] {
  if (path === undefined) throw invalidField(at, 'path is missing', '')
  if (action === undefined) throw invalidField(at, 'action is missing', path)
  if (target === undefined && action.startsWith('sync'))
    throw invalidField(at, `target is missing, which ${action} needs`, path)
  if (action === 'sync+exec' && exec === undefined)
    throw invalidField(at, `exec is missing, which ${action} needs`, path)
  return present({
    path: hostPath(path, folder),
    action,
    target,
    ignore: toWords(ignore),
    include: toWords(include),
    initialSync: toFlag(initial_sync),
    exec: exec && canonicalHook(exec, `${at}.exec`),
  })
}

/** What paths of a file are relative to. */
export const folderOf = (path: string): string => dirname(path)
