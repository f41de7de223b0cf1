import { readHostDetails, readHostFacts } from '../host-facts.ts'
import { checkCapabilities } from './check-capabilities.ts'
import { checkCgroups } from './check-cgroups.ts'
import { checkKernel } from './check-kernel.ts'
import { checkNamespaces } from './check-namespaces.ts'
import { checkNetwork } from './check-network.ts'
import { checkPrograms } from './check-programs.ts'
import { checkSecurity } from './check-security.ts'
import { checkStorage } from './check-storage.ts'
import { checkUsers } from './check-users.ts'
import { checkWayOut } from './check-way-out.ts'
import type { DoctorReport, Finding } from './finding.ts'
import { readKernelConfig } from './kernel-config.ts'
import { probeSyscalls } from './probe-syscalls.ts'

export interface DoctorOptions {
  /** Folder of images and containers; it need not exist. */
  readonly dataFolder: string
  /** Search path for programs; default: PATH of this process. */
  readonly path?: string | undefined
}

/** Look at this host: what can run, what cannot, what each gap costs. Changes nothing. */
export function doctor({
  dataFolder,
  path = process.env['PATH'] ?? '',
}: DoctorOptions): DoctorReport {
  const facts = readHostFacts()
  const details = readHostDetails(facts.kernel)
  return makeReport([
    ...checkKernel(facts, probeSyscalls()),
    ...checkNamespaces(facts),
    ...checkCapabilities(facts),
    ...checkCgroups(facts),
    ...checkStorage(facts, details, dataFolder),
    ...checkNetwork(facts, readKernelConfig(facts.kernel.release)),
    ...checkSecurity(details),
    ...checkUsers(facts, path),
    ...checkWayOut(facts, { ...process.env, PATH: path }),
    ...checkPrograms(path),
  ])
}

/** The verdict over a list of findings. */
export function makeReport(findings: readonly Finding[]): DoctorReport {
  const canRun = findings.every(({ isRequired, level }) => !isRequired || level !== 'missing')
  return { canRun, exitCode: canRun ? 0 : 1, findings }
}
