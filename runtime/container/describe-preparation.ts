import { planCgroup } from '../cgroup/plan-cgroup.ts'
import type { HostFacts } from '../inspect-host/host-facts.ts'
import { compileSeccomp } from '../security/seccomp/compile.ts'
import type { PreparedStart } from './prepare-start.ts'
import type { ContainerRecord } from './record.ts'

type Lines = readonly string[]

/** One subject of what is decided before the first system call. */
export interface PreparationSection {
  readonly title: string
  readonly lines: Lines
}

/** What was looked up, chosen and reserved for a start before its first system call. */
export function describePreparation(
  facts: HostFacts,
  record: ContainerRecord,
  prepared: PreparedStart,
): readonly PreparationSection[] {
  const sections: readonly (readonly [string, Lines])[] = [
    ['Container', describeContainer(record, prepared)],
    ['Root', describeRoot(record, prepared)],
    ['Network', describeNetwork(record, prepared)],
    ['Control groups', describeCgroups(facts, record, prepared)],
    ['Rights', describeRights(facts, prepared)],
    ['Reserved', prepared.start.leases.length === 0 ? ['nothing'] : prepared.start.leases],
  ]
  return sections.map(([title, lines]) => ({ title, lines }))
}

function describeContainer(record: ContainerRecord, { config }: PreparedStart): Lines {
  const { process, hostname } = config
  const user = process ? `${process.user.uid}:${process.user.gid}` : ''
  return [
    `${record.name} (${record.id.slice(0, 12)}), hostname ${hostname ?? 'of the host'}`,
    `${JSON.stringify(process?.args ?? [])} as ${user} in ${process?.cwd ?? '/'}`,
  ]
}

function describeRoot(record: ContainerRecord, { root }: PreparedStart): Lines {
  if (record.options.rootfs) return [`the folder ${record.options.image} itself`]
  return [
    `image ${record.imageReference} (${root.imageId.slice(0, 19)}), the topmost layer last:`,
    ...root.layerFolders,
    'and a folder of its own for what it writes',
  ]
}

function describeNetwork({ options }: ContainerRecord, { start }: PreparedStart): Lines {
  const { network } = start
  if (!network) return [`${options.network.mode.kind}: no interface is made`]
  if (network.attachments.length === 0) return ['none: only the loopback interface']
  return [
    ...network.attachments.map(
      (one) =>
        `${one.interfaceName} ${one.ipv4 ?? one.ipv6}/${one.ipv4PrefixLength ?? one.ipv6PrefixLength} in ${one.network}, gateway ${one.ipv4Gateway ?? one.ipv6Gateway}`,
    ),
    ...network.ports.map(
      (port) => `${port.hostIp}:${port.hostPort} → ${port.containerPort}/${port.protocol}`,
    ),
  ]
}

function describeCgroups(
  facts: HostFacts,
  record: ContainerRecord,
  { config }: PreparedStart,
): Lines {
  const plan = planCgroup({
    hierarchy: facts.cgroups,
    resources: config.linux?.resources,
    cgroupPath: record.cgroupPath,
    rootless: facts.rootless,
  })
  return [
    ...plan.folders.map(({ path, why }) => `${path}: ${why}`),
    ...plan.limits.map(
      ({ file, value, why, source }) => `${file} = ${value.trim()}: ${why} [${source}]`,
    ),
    ...plan.warnings.map((warning) => `left out: ${warning}`),
  ]
}

function describeRights(facts: HostFacts, { config }: PreparedStart): Lines {
  const capabilities = config.process?.capabilities?.effective ?? []
  const names = capabilities.map((name) => name.replace(/^CAP_/, '').toLowerCase())
  return [
    `${names.length} of ${facts.lastCapability + 1} capabilities: ${names.join(' ') || 'none'}`,
    ...describeSeccomp(facts, config.linux?.seccomp),
  ]
}

function describeSeccomp(
  { architecture, kernel }: HostFacts,
  seccomp: NonNullable<PreparedStart['config']['linux']>['seccomp'],
): Lines {
  if (!seccomp) return ['no seccomp filter: every system call is allowed']
  const { instructions } = compileSeccomp(seccomp, { architecture, kernel })
  const byAction = new Map<string, number>()
  let conditional = 0
  for (const { names, action, args = [] } of seccomp.syscalls ?? []) {
    if (args.length > 0) conditional += names.length
    else byAction.set(action, (byAction.get(action) ?? 0) + names.length)
  }
  const counts = [...byAction].map(([action, count]) => `${count} calls ${action}`)
  const parts = [...counts, `${conditional} rules on arguments`, `else ${seccomp.defaultAction}`]
  return [`seccomp filter of ${instructions} instructions: ${parts.join(', ')}`]
}
