import { readFileSync } from 'node:fs'
import { cpus, hostname, totalmem } from 'node:os'
import { join } from 'node:path'
import { packageRoot } from '../../native/paths.ts'
import { findWayOut } from '../inspect-host/way-out-program.ts'
import type { SystemInfo, VersionInfo } from '../cli/engine.ts'
import { isApparmorOn } from './apparmor.ts'
import type { EngineContext } from './engine-context.ts'
import { readTextIfPresent } from './durable-file.ts'
import { readState } from './read-state.ts'
import { listRecords } from './record-store.ts'

/** Version of the OCI runtime specification that configurations are written for. */
const ociVersion = '1.3.0'

const goArchitectures: Readonly<Record<string, string>> = { x86_64: 'amd64', aarch64: 'arm64' }

export function versionInfo({ facts }: EngineContext): VersionInfo {
  const text = readFileSync(join(packageRoot, 'package.json'), 'utf8')
  const { version } = JSON.parse(text) as { version: string }
  return {
    version,
    nodeVersion: process.versions.node,
    ociVersion,
    kernelVersion: facts.kernel.release,
    os: 'linux',
    arch: goArchitectures[facts.architecture] ?? facts.architecture,
  }
}

const cgroupVersions = { v2: '2', v1: '1', none: '1', hybrid: 'hybrid' } as const

export async function systemInfo(context: EngineContext): Promise<SystemInfo> {
  const { folders, facts } = context
  const rootlessNetwork = findWayOut(context.env)?.name ?? 'none'
  const counts = { running: 0, paused: 0, stopped: 0 }
  const records = listRecords(folders)
  for (const record of records) {
    const { status } = readState(folders, record)
    if (status === 'running' || status === 'restarting') counts.running++
    else if (status === 'paused') counts.paused++
    else counts.stopped++
  }
  return {
    version: versionInfo(context),
    hostname: hostname(),
    operatingSystem: operatingSystem(),
    processors: cpus().length,
    memoryBytes: totalmem(),
    runDir: folders.runDir,
    dataDir: folders.dataDir,
    rootless: facts.rootless,
    ...(facts.rootless ? { rootlessNetwork } : {}),
    cgroupVersion: cgroupVersions[facts.cgroups.mode],
    storageDriver: 'overlay',
    containers: records.length,
    ...counts,
    images: (await context.images()).list().length,
    securityOptions: [
      ...(isApparmorOn() ? ['apparmor'] : []),
      'seccomp',
      ...(facts.rootless ? ['rootless'] : []),
    ],
    warnings: facts.rootless && rootlessNetwork === 'none' ? [noWayOut] : [],
  }
}

const noWayOut =
  'Neither slirp4netns nor pasta is installed: containers on a bridge reach nothing outside this machine'

/** PRETTY_NAME of os-release(5). */
function operatingSystem(): string {
  const text = readTextIfPresent('/etc/os-release') ?? ''
  return /^PRETTY_NAME="?([^"\n]*)"?$/m.exec(text)?.[1] ?? 'Linux'
}
