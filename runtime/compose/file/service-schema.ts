import * as z from 'zod/mini'
import { once } from '../../spec/once.ts'
import { buildSchema } from './build-schema.ts'
import { deploySchema, deviceRequest } from './deploy-schema.ts'
import {
  anyMap,
  command,
  fields,
  fieldsOrNothing,
  flag,
  mapOrList,
  number,
  scalar,
  text,
  word,
  wordOrWords,
  words,
} from './shape.ts'

const fileReference = once(() =>
  z.union(
    [
      z.string(),
      fields({ source: text(), target: text(), uid: word(), gid: word(), mode: word() }),
    ],
    'a name, or a mapping with source, target, uid, gid and mode',
  ),
)

const port = once(() =>
  z.union(
    [
      z.string(),
      z.number(),
      fields({
        name: text(),
        target: word(),
        published: word(),
        host_ip: text(),
        protocol: text(),
        app_protocol: text(),
        mode: text(),
      }),
    ],
    'HOST:CONTAINER, or a mapping with target and published',
  ),
)

const volume = once(() =>
  z.union(
    [
      z.string(),
      fields({
        type: z.enum(['bind', 'volume', 'tmpfs', 'image', 'npipe', 'cluster']),
        source: text(),
        target: text(),
        read_only: flag(),
        consistency: text(),
        bind: fields({
          propagation: text(),
          create_host_path: flag(),
          recursive: text(),
          selinux: text(),
        }),
        volume: fields({ nocopy: flag(), subpath: text(), labels: mapOrList() }),
        tmpfs: fields({ size: word(), mode: word() }),
        image: fields({ subpath: text() }),
      }),
    ],
    'SOURCE:TARGET, or a mapping with type, source and target',
  ),
)

const dependsOn = once(() =>
  z.union(
    [
      words(),
      z.record(
        z.string(),
        fields({
          condition: z.enum([
            'service_started',
            'service_healthy',
            'service_completed_successfully',
          ]),
          restart: flag(),
          required: flag(),
        }),
      ),
    ],
    'a list of services, or a mapping from service to condition',
  ),
)

const healthcheck = once(() =>
  fields({
    disable: flag(),
    test: wordOrWords(),
    interval: word(),
    timeout: word(),
    retries: number(),
    start_period: word(),
    start_interval: word(),
  }),
)

const networks = once(() =>
  z.union(
    [
      words(),
      z.record(
        z.string(),
        fieldsOrNothing({
          aliases: words(),
          ipv4_address: text(),
          ipv6_address: text(),
          link_local_ips: words(),
          mac_address: text(),
          interface_name: text(),
          driver_opts: mapOrList(),
          priority: number(),
          gw_priority: number(),
        }),
      ),
    ],
    'a list of networks, or a mapping from network to what is wanted there',
  ),
)

const envFile = once(() =>
  z.union(
    [
      z.string(),
      z.array(z.union([z.string(), fields({ path: text(), required: flag(), format: text() })])),
    ],
    'a path, or a list of paths',
  ),
)

const hookFields = once(() =>
  fields({
    command: command(),
    user: word(),
    privileged: flag(),
    working_dir: text(),
    environment: mapOrList(),
  }),
)

const develop = once(() =>
  fields({
    watch: z.array(
      fields({
        path: text(),
        action: z.enum(['sync', 'rebuild', 'restart', 'sync+restart', 'sync+exec']),
        target: text(),
        ignore: wordOrWords(),
        include: wordOrWords(),
        initial_sync: flag(),
        exec: hookFields(),
      }),
    ),
  }),
)

const ulimits = once(() =>
  z.record(z.string(), z.union([word(), fields({ soft: word(), hard: word() })])),
)

const extended = once(() =>
  z.union(
    [z.string(), fields({ service: text(), file: text() })],
    'a service, or a mapping with service and file',
  ),
)

const rates = once(() => z.array(fields({ path: text(), rate: word() })))

const hook = once(() => z.array(hookFields()))

/**
 * A service as it may be written: each field in all its spellings.
 * @see https://github.com/compose-spec/compose-spec/blob/main/05-services.md
 */
export const serviceSchema = once(() =>
  fields({
    annotations: mapOrList(),
    attach: flag(),
    blkio_config: fields({
      weight: word(),
      weight_device: z.array(fields({ path: text(), weight: word() })),
      device_read_bps: rates(),
      device_read_iops: rates(),
      device_write_bps: rates(),
      device_write_iops: rates(),
    }),
    build: z.union([z.string(), buildSchema()]),
    cap_add: words(),
    cap_drop: words(),
    cgroup: z.enum(['host', 'private']),
    cgroup_parent: text(),
    command: command(),
    configs: z.array(fileReference()),
    container_name: text(),
    cpu_count: number(),
    cpu_percent: number(),
    cpu_period: word(),
    cpu_quota: word(),
    cpu_rt_period: word(),
    cpu_rt_runtime: word(),
    cpu_shares: number(),
    cpus: number(),
    cpuset: word(),
    credential_spec: anyMap(),
    depends_on: dependsOn(),
    deploy: deploySchema(),
    develop: develop(),
    device_cgroup_rules: words(),
    devices: z.array(
      z.union([z.string(), fields({ source: text(), target: text(), permissions: text() })]),
    ),
    dns: wordOrWords(),
    dns_opt: words(),
    dns_search: wordOrWords(),
    domainname: text(),
    entrypoint: command(),
    env_file: envFile(),
    environment: mapOrList(),
    expose: words(),
    extends: extended(),
    external_links: words(),
    extra_hosts: z.union([words(), z.record(z.string(), wordOrWords())]),
    gpus: z.union([z.literal('all'), z.array(deviceRequest())]),
    group_add: words(),
    healthcheck: healthcheck(),
    hostname: text(),
    image: text(),
    init: flag(),
    ipc: text(),
    isolation: text(),
    label_file: wordOrWords(),
    labels: mapOrList(),
    links: words(),
    logging: fields({ driver: text(), options: z.record(z.string(), scalar()) }),
    mac_address: text(),
    mem_limit: word(),
    mem_reservation: word(),
    mem_swappiness: number(),
    memswap_limit: word(),
    models: z.unknown(),
    network_mode: text(),
    networks: networks(),
    oom_kill_disable: flag(),
    oom_score_adj: number(),
    pid: text(),
    pids_limit: number(),
    platform: text(),
    ports: z.array(port()),
    post_start: hook(),
    pre_stop: hook(),
    privileged: flag(),
    profiles: words(),
    provider: z.unknown(),
    pull_policy: text(),
    pull_refresh_after: text(),
    read_only: flag(),
    restart: text(),
    runtime: text(),
    scale: number(),
    secrets: z.array(fileReference()),
    security_opt: words(),
    shm_size: word(),
    stdin_open: flag(),
    stop_grace_period: word(),
    stop_signal: text(),
    storage_opt: z.record(z.string(), scalar()),
    sysctls: mapOrList(),
    tmpfs: wordOrWords(),
    tty: flag(),
    ulimits: ulimits(),
    use_api_socket: flag(),
    user: word(),
    userns_mode: text(),
    uts: text(),
    volumes: z.array(volume()),
    volumes_from: words(),
    working_dir: text(),
  }),
)

export type WrittenService = z.infer<ReturnType<typeof serviceSchema>>
