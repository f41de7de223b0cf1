import type { NamespaceMode, NamespaceOptions } from '../../container/options.ts'
import {
  parseIdMap,
  parseNamespaceMode,
  parseUserNamespace,
} from '../../container/parse/namespace-mode.ts'
import { flag } from '../flag-spec.ts'
import type { FlagSpec } from '../flag-spec.ts'
import type { ParsedFlags } from '../parsed-flags.ts'

/** Which namespaces are new, the host's, or somebody else's. */
export function namespaceFlags(): FlagSpec[] {
  return [
    flag('string', 'cgroupns', 'Cgroup namespace to use (host|private)'),
    flag('list', 'gidmap', 'GID map to use for the user namespace'),
    flag('string', 'ipc', 'IPC mode to use'),
    flag('string', 'pid', 'PID namespace to use'),
    flag('string', 'time-ns', 'Time namespace to use (host|private)', { default: 'host' }),
    flag('list', 'uidmap', 'UID map to use for the user namespace'),
    flag('string', 'userns', 'User namespace to use'),
    flag('string', 'uts', 'UTS namespace to use'),
  ]
}

/** @throws {OperationError} INVALID_ARGUMENT */
export function readNamespaceFlags(flags: ParsedFlags): NamespaceOptions {
  const mode = (name: string, words: Parameters<typeof parseNamespaceMode>[2]): NamespaceMode =>
    parseNamespaceMode(`${name} namespace`, flags.string(name) ?? '', words)
  const uidMaps = flags.list('uidmap').map(parseIdMap)
  const gidMaps = flags.list('gidmap').map(parseIdMap)
  const hasMaps = uidMaps.length + gidMaps.length > 0
  return {
    pid: mode('pid', ['private', 'host']),
    ipc: mode('ipc', ['private', 'host', 'shareable', 'none']),
    uts: mode('uts', ['private', 'host']),
    cgroup: mode('cgroupns', ['private', 'host']),
    time: flags.has('time-ns') ? mode('time-ns', ['private', 'host']) : { kind: 'host' },
    user: parseUserNamespace(flags.string('userns') ?? (hasMaps ? 'private' : '')),
    // As podman: one map given alone holds for both.
    uidMaps: uidMaps.length === 0 ? gidMaps : uidMaps,
    gidMaps: gidMaps.length === 0 ? uidMaps : gidMaps,
  }
}
