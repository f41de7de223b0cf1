import { runUnderResources } from '../cgroup/limit-command.ts'
import type { CommandIo } from '../cli/command-io.ts'
import type { DoctorFinding, LimitOptions, NamespaceReport } from '../cli/engine.ts'
import { doctor } from '../inspect-host/doctor/doctor.ts'
import { describeNamespaces } from '../inspect-host/namespaces.ts'
import type { EngineContext } from './engine-context.ts'
import { devicesAt } from './host-devices.ts'
import { resourcesSection } from './oci-config/resources-section.ts'

const verdicts = { ok: 'ok', warn: 'degraded', missing: 'missing' } as const

/** Members named in a report; the rest is counted. */
const namedMembers = 5

export function findings(context: EngineContext): DoctorFinding[] {
  const { findings: found } = doctor({
    dataFolder: context.folders.dataDir,
    path: context.env['PATH'] ?? '',
  })
  return found.map(({ name, level, meaning, fix, isRequired }) => ({
    subject: name,
    verdict: verdicts[level],
    finding: meaning,
    isRequired,
    ...(level === 'ok' || fix === undefined ? {} : { advice: fix }),
  }))
}

export function namespaceReports(pids: readonly number[]): NamespaceReport[] {
  return pids.map((pid) => {
    const { command, namespaces } = describeNamespaces(pid)
    return {
      pid,
      command,
      namespaces: namespaces.map(({ type, inode, members }) => {
        const others = members.filter((member) => member.pid !== pid)
        return {
          kind: type,
          inode,
          members: others.slice(0, namedMembers),
          memberCount: others.length,
        }
      }),
    }
  })
}

export async function limit(
  { facts }: EngineContext,
  options: LimitOptions,
  io: CommandIo,
): Promise<number> {
  // The program inherits what the user has.
  process.umask(facts.umask)
  return runUnderResources(resourcesSection(options.resources, devicesAt), options.command, {
    report: (line) => void io.stderr.write(`${line}\n`),
  })
}
