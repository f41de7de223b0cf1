import { type Command, Option } from 'commander'
import { collect } from './register.ts'

/** Flags of `myimage build`, as docker and buildah name them. */
export interface BuildFlags {
  readonly file?: string
  readonly tag?: string[]
  readonly target?: string
  readonly buildArg?: string[]
  readonly platform?: string
  readonly label?: string[]
  readonly annotation?: string[]
  readonly format?: string
  readonly squash?: true
  readonly cache?: boolean
  readonly noCacheFilter?: string[]
  readonly cacheFrom?: string[]
  readonly cacheTo?: string[]
  readonly pull?: string | true
  readonly network?: string
  readonly addHost?: string[]
  readonly secret?: string[]
  readonly ssh?: string[]
  readonly allow?: string[]
  readonly memory?: string
  readonly cpus?: string
  readonly shmSize?: string
  readonly timestamp?: string
  readonly output?: string[]
  readonly iidfile?: string
  readonly progress?: string
  readonly quiet?: true
  readonly explain?: true
  readonly dryRun?: true
  readonly push?: true
  readonly ulimit?: string[]
  readonly layers?: string | true
  readonly rm?: string | true
  readonly forceRm?: string | true
}

export function addBuildFlags(command: Command): Command {
  return command
    .option('-f, --file <file>', 'the Dockerfile; "-" for standard input (default: Dockerfile)')
    .option('-t, --tag <reference>', 'name for the image', collect)
    .option('--target <stage>', 'build this stage, and what it needs')
    .option('--build-arg <name=value>', 'value of an ARG', collect)
    .option('--platform <os/arch>', "another platform than this machine's")
    .option('--label <name=value>', 'label of the image', collect)
    .option('--annotation <name=value>', 'annotation of the manifest', collect)
    .addOption(
      new Option(
        '--format <format>',
        'of the image: oci, docker; of --explain: text, json',
      ).choices(['oci', 'docker', 'text', 'json']),
    )
    .option('--squash', 'one layer for all that is new')
    .option('--no-cache', 'build every step anew')
    .addOption(
      notNegated(
        new Option('--no-cache-filter <stage>', 'build every step of these stages anew'),
      ).argParser(collectCommas),
    )
    .option('--cache-from <reference>', 'take steps that were built elsewhere', collect)
    .option('--cache-to <reference>', 'give steps to builds elsewhere', collect)
    .option('--pull [policy]', 'bring base images anew: always, missing, never')
    .addOption(new Option('--network <mode>', 'of RUN').choices(['default', 'none', 'host']))
    .option('--add-host <name:address>', 'line in /etc/hosts of RUN', collect)
    .option('--secret <id=name,src=file>', 'for RUN --mount=type=secret', collect)
    .option('--ssh <id>', 'not supported: use --secret', collect)
    .option('--allow <right>', 'security.insecure: RUN --security=insecure', collect)
    .option('-m, --memory <bytes>', 'limit of each RUN')
    .option('--cpus <number>', 'limit of each RUN')
    .option('--shm-size <bytes>', 'of /dev/shm in RUN')
    .option('--timestamp <seconds>', 'latest time in the image (or SOURCE_DATE_EPOCH)')
    .option(
      '-o, --output <type=local|tar|oci|docker,dest=path>',
      'write the result there too',
      collect,
    )
    .option('--push', 'send the image to the registries of its names')
    .option('--ulimit <name=soft[:hard]>', 'limit of each RUN', collect)
    .option('--iidfile <file>', 'write the id of the image there')
    .addOption(
      new Option('--progress <kind>', 'how to show it').choices(['auto', 'plain', 'tty', 'quiet']),
    )
    .option('-q, --quiet', 'only the id')
    .option('--explain', 'first show each step, its key and why it is not cached')
    .option('--dry-run', 'show that on standard output, and build nothing')
    .addOption(accepted('--layers [boolean]'))
    .addOption(accepted('--rm [boolean]'))
    .addOption(accepted('--force-rm [boolean]'))
    .addOption(accepted('--load'))
}

/** Flags of docker and buildah that ask for what happens anyhow. */
function accepted(flags: string): Option {
  return new Option(flags, 'accepted for compatibility').hideHelp()
}

const pullPolicies = ['always', 'missing', 'never', 'true', 'false']
const booleans = ['true', 'false']

/**
 * `build --pull .` as everybody writes it: what follows a flag whose value may be absent is taken for
 * its value.
 */
export function separateContext(
  folder: string,
  flags: BuildFlags,
): { folder: string; flags: BuildFlags } {
  const { pull, layers, rm, forceRm } = flags
  const taken = [
    typeof pull === 'string' && !pullPolicies.includes(pull) ? pull : undefined,
    ...[layers, rm, forceRm].map((value) =>
      typeof value === 'string' && !booleans.includes(value) ? value : undefined,
    ),
  ].find((value) => value !== undefined)
  if (taken === undefined || folder !== '.') return { folder, flags }
  return { folder: taken, flags: { ...flags, ...(pull === taken ? { pull: true } : {}) } }
}

/** Commander takes every flag that begins with "no-" for the opposite of another. */
function notNegated(option: Option): Option {
  option.negate = false
  return option
}

function collectCommas(value: string, before: readonly string[] = []): string[] {
  return [...before, ...value.split(',')]
}
