import { defaultOptions } from '../container/default-options.ts'
import type { ContainerOptions } from '../container/options.ts'
import { parseVolumeFlag } from '../container/parse/volume-flag.ts'
import { parseSize } from '../container/parse/size.ts'

/** What to run, in the words of a program. Everything else is reached through `options`. */
export interface RunOptions {
  /** Image reference. Default: the built-in image `host`, the host's own shell and tools. */
  readonly image?: string | undefined
  /** Program and its arguments; absent: the image's. */
  readonly command?: readonly string[] | undefined
  readonly name?: string | undefined
  readonly env?: Readonly<Record<string, string>> | undefined
  readonly workdir?: string | undefined
  /** `name`, `uid` or `uid:gid`. Default: the image's. */
  readonly user?: string | undefined
  /** Bytes, or text such as `50m`. Absent: no limit. */
  readonly memory?: number | string | undefined
  /** Number of processors, e.g. 0.5. Absent: no limit. */
  readonly cpus?: number | undefined
  /** Number of processes. Absent: no limit. */
  readonly pidsLimit?: number | undefined
  /** `bridge` (default), `host`, `none`, or the name of a network. */
  readonly network?: string | undefined
  /** `8080:80` and so on. */
  readonly publish?: readonly string[] | undefined
  /** `source:destination[:options]` and so on. */
  readonly volumes?: readonly string[] | undefined
  /** Keep standard input open for `write`. Default false. */
  readonly stdin?: boolean | undefined
  /** A terminal of this size. Absent: pipes. */
  readonly terminal?: { readonly rows: number; readonly columns: number } | undefined
  /** Remove the container when it has ended. Default true. */
  readonly remove?: boolean | undefined
  /** Keep a log on disk. Default false: the output goes to the caller alone. */
  readonly log?: boolean | undefined
  /** Kills the container when aborted; before the start, nothing is started. */
  readonly signal?: AbortSignal | undefined
  readonly labels?: Readonly<Record<string, string>> | undefined
  /** Anything that `create` knows, over all of the above. */
  readonly options?: Partial<ContainerOptions> | undefined
}

/**
 * @throws {OperationError} `INVALID_ARGUMENT` for a malformed size or volume
 */
export function containerOptions(wish: RunOptions): ContainerOptions {
  const base = defaultOptions(wish.image ?? 'host')
  const memory = typeof wish.memory === 'string' ? parseSize(wish.memory) : wish.memory
  return {
    ...base,
    command: wish.command ?? [],
    name: wish.name,
    env: Object.entries(wish.env ?? {}).map(([name, value]) => `${name}=${value}`),
    workdir: wish.workdir,
    user: wish.user,
    resources: { memory, cpus: wish.cpus, pidsLimit: wish.pidsLimit },
    network: { ...base.network, mode: networkMode(wish.network), publish: wish.publish ?? [] },
    mounts: (wish.volumes ?? []).map((text) => parseVolumeFlag(text, process.cwd())),
    interactive: wish.stdin ?? false,
    tty: wish.terminal !== undefined,
    rm: wish.remove ?? true,
    log: { ...base.log, ...(wish.log === true ? {} : { driver: 'none' }) },
    labels: wish.labels ?? {},
    ...wish.options,
  }
}

function networkMode(text = 'bridge'): ContainerOptions['network']['mode'] {
  if (text === 'bridge' || text === 'host' || text === 'none') return { kind: text }
  return { kind: 'networks', names: [text] }
}
