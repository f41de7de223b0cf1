import { OperationError } from '../../native/error.ts'
import { parseReference } from '../reference.ts'
import type { ImageFormat } from '../store/format-manifest.ts'
import { openContext } from './context/open-context.ts'
import type { BuildRequest } from './execute/build-request.ts'
import { hostPlatform } from './execute/prepare-build.ts'
import { type OutputWish, readOutput } from './output-wish.ts'
import { parsePlatform } from './plan/platform.ts'
import {
  readBuildArgs,
  readBytes,
  readCachePlace,
  readChoice,
  readTimestamp,
  readHosts,
  readLimits,
  readPairs,
  readSecrets,
  wrongFlag,
} from './read-flags.ts'

/** The build command's flags, as far as they are read here. Texts as the user gave them. */
export interface RequestFlags {
  readonly file?: string
  readonly tag?: readonly string[]
  readonly target?: string
  readonly buildArg?: readonly string[]
  readonly platform?: string
  readonly label?: readonly string[]
  readonly annotation?: readonly string[]
  readonly format?: string
  readonly explain?: true
  readonly dryRun?: true
  readonly push?: true
  readonly ulimit?: readonly string[]
  readonly squash?: true
  /** False: --no-cache. */
  readonly cache?: boolean
  readonly noCacheFilter?: readonly string[]
  readonly cacheFrom?: readonly string[]
  readonly cacheTo?: readonly string[]
  readonly pull?: string | true
  readonly network?: string
  readonly addHost?: readonly string[]
  readonly secret?: readonly string[]
  readonly ssh?: readonly string[]
  readonly allow?: readonly string[]
  readonly memory?: string
  readonly cpus?: string
  readonly shmSize?: string
  readonly timestamp?: string
  readonly output?: readonly string[]
}

export interface ReadRequest {
  readonly request: BuildRequest
  readonly outputs: readonly OutputWish[]
  /** Removes what was unpacked. */
  readonly close: () => void
}

/** Make a request of flags, the Dockerfile and the context. @throws {OperationError} */
export async function readRequest(folder: string, flags: RequestFlags): Promise<ReadRequest> {
  refuse(flags)
  const { env } = process
  const buildArgs = readBuildArgs(flags.buildArg ?? [], env)
  const outputs = (flags.output ?? []).map(readOutput)
  const wishes = readWishes(flags, buildArgs)
  const { close, ...opened } = await openContext({ context: folder, file: flags.file })
  return { request: { ...opened, ...wishes }, outputs, close }
}

function readWishes(
  flags: RequestFlags,
  buildArgs: ReadonlyMap<string, string>,
): Omit<BuildRequest, 'dockerfile' | 'context'> {
  const { env } = process
  const variable = buildArgs.get('SOURCE_DATE_EPOCH') ?? env['SOURCE_DATE_EPOCH']
  return {
    references: (flags.tag ?? []).map(requireName),
    target: flags.target,
    buildArgs,
    platform: flags.platform === undefined ? hostPlatform() : parsePlatform(flags.platform),
    labels: readPairs('--label', flags.label ?? []),
    annotations: readPairs('--annotation', flags.annotation ?? []),
    format: imageFormat(flags),
    squash: flags.squash ?? false,
    noCache: flags.cache === false ? true : (flags.noCacheFilter ?? false),
    cacheFrom: (flags.cacheFrom ?? []).map((text) => readCachePlace('--cache-from', text)),
    cacheTo: (flags.cacheTo ?? []).map((text) => readCachePlace('--cache-to', text)),
    pull: pullPolicy(flags.pull),
    network: readChoice('--network', flags.network ?? 'default', ['default', 'none', 'host']),
    addHosts: readHosts(flags.addHost ?? []),
    secrets: readSecrets(flags.secret ?? [], env),
    limits: {
      memory: readBytes('--memory', flags.memory),
      cpus: readCpus(flags.cpus),
      shmSize: readBytes('--shm-size', flags.shmSize),
      ulimits: flags.ulimit && readLimits(flags.ulimit),
    },
    allowInsecure: (flags.allow ?? []).includes('security.insecure'),
    epoch: readTimestamp(flags.timestamp, variable),
    signal: undefined,
    onEvent: () => undefined,
  }
}

/** A name that cannot be given must not be found out at the end of a build. */
function requireName(text: string): string {
  if (parseReference(text).digest === undefined) return text
  throw wrongFlag('--tag', text, 'a name and a tag, without a digest')
}

/** What is only explained has the format of the explanation. */
function imageFormat({ format = 'oci', explain, dryRun }: RequestFlags): ImageFormat {
  if ((explain || dryRun) && (format === 'json' || format === 'text')) return 'oci'
  return readChoice('--format', format, ['oci', 'docker'])
}

function refuse({ ssh, push, tag = [] }: RequestFlags): void {
  if (push && tag.length === 0) throw wrongFlag('--push', 'true', 'a name to push, with --tag')
  if (ssh === undefined) return
  throw new OperationError(
    'UNSUPPORTED',
    'read a flag',
    { flag: '--ssh', value: ssh.join(' ') },
    { hint: 'Agents are not forwarded; give a key with --secret id=key,src=FILE', exitCode: 1 },
  )
}

function pullPolicy(flag: string | true | undefined): BuildRequest['pull'] {
  if (flag === undefined || flag === 'false' || flag === 'missing') return 'missing'
  if (flag === true || flag === 'true') return 'always'
  return readChoice('--pull', flag, ['always', 'missing', 'never'])
}

function readCpus(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const value = Number(text)
  if (value > 0 && value < 10_000) return value
  throw wrongFlag('--cpus', text, 'a number such as 1.5')
}
