import type { Process, Rlimit } from '../../spec/config.ts'
import { capabilitySets, chooseCapabilities } from '../../security/capabilities.ts'
import type { ContainerOptions, Ulimit } from '../options.ts'
import { mergeEnvironment } from '../parse/environment.ts'
import type { ResolvedConfig } from '../record.ts'
import type { ContainerFacts } from './facts.ts'
import type { ResolvedUser } from './resolve-user.ts'

const rlimInfinity = 2n ** 64n - 1n

export interface ProcessSource {
  readonly options: ContainerOptions
  readonly resolved: ResolvedConfig
  readonly facts: ContainerFacts
  readonly user: ResolvedUser
  readonly hostname: string
}

/** Names of the capabilities that the program starts with. */
export function programCapabilities(
  { security }: ContainerOptions,
  { lastCapability: last, boundingCapabilities, uidMappings }: ContainerFacts,
): string[] {
  const { privileged, capAdd: add, capDrop: drop } = security
  // A new user namespace starts with all of them, over what belongs to it (user_namespaces(7)).
  const grantable = uidMappings.length > 0 ? undefined : boundingCapabilities
  return chooseCapabilities({ privileged, add, drop, last, grantable })
}

/** The `process` section: what is executed, as whom, with which rights. */
export function processSection(source: ProcessSource): Process {
  const { options, resolved, facts, user } = source
  const { security, umask = 0o022, oomScoreAdj, tty } = options
  const capabilities = programCapabilities(options, facts)
  const { apparmorProfile, selinux } = facts
  return {
    terminal: tty,
    ...(tty && facts.consoleSize ? { consoleSize: { ...facts.consoleSize } } : {}),
    user: {
      uid: user.uid,
      gid: user.gid,
      umask,
      additionalGids: [...user.additionalGids],
    },
    args: [...resolved.entrypoint, ...resolved.command],
    env: programEnvironment(source),
    cwd: resolved.workdir,
    capabilities: setsFor(capabilities, user.uid),
    ...(options.ulimits.length === 0 ? {} : { rlimits: lastOfEach(options.ulimits).map(rlimit) }),
    noNewPrivileges: security.noNewPrivileges,
    ...(apparmorProfile === undefined ? {} : { apparmorProfile }),
    ...(selinux === undefined ? {} : { selinuxLabel: selinux.process }),
    ...(oomScoreAdj === undefined ? {} : { oomScoreAdj }),
  }
}

/** The kernel empties these sets at execve for anybody but root, so say so from the start. */
function setsFor(names: readonly string[], uid: number): Process['capabilities'] {
  const sets = capabilitySets(names)
  return uid === 0 ? sets : { ...sets, effective: [], permitted: [] }
}

/** Ours first, so that image and user win, except for HOME, which only fills a gap. */
function programEnvironment(source: ProcessSource): string[] {
  const { options, resolved, user, hostname, facts } = source
  const entries = mergeEnvironment(
    [
      `HOSTNAME=${hostname}`,
      ...(options.tty ? ['TERM=xterm'] : []),
      'container=mycontainer',
      ...(options.systemd === 'always' ? [`container_uuid=${facts.id.slice(0, 32)}`] : []),
    ],
    resolved.env,
  )
  const hasHome = entries.some((entry) => entry.startsWith('HOME=') && entry !== 'HOME=')
  return hasHome ? entries : mergeEnvironment(entries, [`HOME=${user.home}`])
}

/** A limit that is named twice is what the last one says, as with docker. */
function lastOfEach(ulimits: readonly Ulimit[]): Ulimit[] {
  return [...new Map(ulimits.map((ulimit) => [ulimit.name, ulimit])).values()]
}

function rlimit({ name, soft, hard }: Ulimit): Rlimit {
  return { type: rlimitType(name), soft: rlimitValue(soft), hard: rlimitValue(hard) }
}

function rlimitValue(limit: number): number | bigint {
  return limit === -1 ? rlimInfinity : limit
}

/** The parser of --ulimit knows exactly the names that the specification has. */
function rlimitType(name: string): Rlimit['type'] {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- checked by parseUlimit
  return `RLIMIT_${name.toUpperCase()}` as Rlimit['type']
}
