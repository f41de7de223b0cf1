import type { Config } from '../config.ts'
import type { Check } from '../problem.ts'
import {
  checkAnnotations,
  checkHooks,
  checkNulBytes,
  checkOciVersion,
  checkRoot,
} from './document.ts'
import {
  checkDevices,
  checkIntelRdt,
  checkMemoryPolicy,
  checkPaths,
  checkPersonality,
} from './linux.ts'
import { checkIdMappings } from './id-mappings.ts'
import { checkMounts } from './mounts.ts'
import {
  checkHostname,
  checkNamespacesUnique,
  checkNetDevices,
  checkTimeOffsets,
} from './namespaces.ts'
import { checkArguments, checkEnvironment, checkRlimits, checkUser } from './process.ts'
import { checkResources } from './resources.ts'
import { checkCpuAffinity, checkScheduler } from './scheduler.ts'
import { checkSeccomp } from './seccomp.ts'
import { checkSysctl } from './sysctl.ts'

/** What the fields of a well-shaped configuration must mean together, in the order of reports. */
export const semanticChecks: readonly Check<Config>[] = [
  checkOciVersion,
  checkNulBytes,
  checkRoot,
  checkAnnotations,
  checkHooks,
  checkMounts,
  checkArguments,
  checkEnvironment,
  checkUser,
  checkRlimits,
  checkScheduler,
  checkCpuAffinity,
  checkNamespacesUnique,
  checkHostname,
  checkIdMappings,
  checkTimeOffsets,
  checkNetDevices,
  checkDevices,
  checkPaths,
  checkSysctl,
  checkMemoryPolicy,
  checkIntelRdt,
  checkPersonality,
  checkResources,
  checkSeccomp,
]
