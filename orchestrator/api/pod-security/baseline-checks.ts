import { listAt, textAt, valueAt } from '../object.ts'
import type { JsonObject } from '../object.ts'
import {
  containersOf,
  counted,
  names,
  plural,
  quoted,
  securityField,
  setters,
  sorted,
  textsAt,
} from './check.ts'
import type { Check } from './check.ts'

// The baseline standard: nothing that is known to lead out of a container. In the order in which upstream tells them.

const appArmorPrefix = 'container.apparmor.security.beta.kubernetes.io/'
const appArmorTypes = new Set(['RuntimeDefault', 'Localhost'])

const appArmorProfile: Check = {
  check: ({ spec, annotations }) => {
    const isBad = (value: unknown) => typeof value === 'string' && !appArmorTypes.has(value)
    const who = setters(spec, (holder) => isBad(securityField(holder, 'appArmorProfile', 'type')))
    const types = sorted(textsAt(spec, 'appArmorProfile', 'type').filter(isBad))
    const marks = Object.entries(annotations)
      .filter(([key, value]) => key.startsWith(appArmorPrefix) && !isAllowedMark(value))
      .map(([key, value]) => `${key}=${JSON.stringify(value)}`)
      .toSorted()
    const all = [
      ...(who === '' ? [] : [who]),
      ...(marks.length > 0 ? [plural('annotation', marks)] : []),
    ]
    if (all.length === 0) return undefined
    const values = [...types, ...marks]
    return {
      reason: plural('forbidden AppArmor profile', values),
      detail: `${all.join(' and ')} must not set AppArmor profile type to ${quoted(values)}`,
    }
  },
}

function isAllowedMark(value: string): boolean {
  return value === '' || value === 'runtime/default' || value.startsWith('localhost/')
}

const usualCapabilities = new Set(
  'AUDIT_WRITE CHOWN DAC_OVERRIDE FOWNER FSETID KILL MKNOD NET_BIND_SERVICE SETFCAP SETGID SETPCAP SETUID SYS_CHROOT'.split(
    ' ',
  ),
)

/** Capabilities that a container adds, and that are not allowed. */
export function addedBeyond(container: JsonObject, allowed: ReadonlySet<string>): string[] {
  const added = securityField(container, 'capabilities', 'add')
  return Array.isArray(added)
    ? added.filter((name) => typeof name === 'string' && !allowed.has(name)).map(String)
    : []
}

const capabilities: Check = {
  isReplaced: true,
  check: ({ spec }) => {
    const bad = containersOf(spec).filter((one) => addedBeyond(one, usualCapabilities).length > 0)
    if (bad.length === 0) return undefined
    const added = sorted(bad.flatMap((one) => addedBeyond(one, usualCapabilities)))
    return {
      reason: 'non-default capabilities',
      detail: `${counted('container', names(bad))} must not include ${quoted(added)} in securityContext.capabilities.add`,
    }
  },
}

const hostNamespaces: Check = {
  check: ({ spec }) => {
    const shared = ['hostNetwork', 'hostPID', 'hostIPC'].filter((field) => spec[field] === true)
    if (shared.length === 0) return undefined
    return {
      reason: 'host namespaces',
      detail: shared.map((field) => `${field}=true`).join(', '),
    }
  },
}

const hostPathVolumes: Check = {
  isReplaced: true,
  check: ({ spec }) => {
    const bad = listAt(spec, ['volumes']).filter((volume) => volume['hostPath'] !== undefined)
    if (bad.length === 0) return undefined
    return { reason: 'hostPath volumes', detail: counted('volume', names(bad)) }
  },
}

const hostPorts: Check = {
  check: ({ spec }) => {
    const portsOf = (container: JsonObject) =>
      listAt(container, ['ports']).flatMap(({ hostPort }) =>
        typeof hostPort === 'number' && hostPort > 0 ? [String(hostPort)] : [],
      )
    const bad = containersOf(spec).filter((container) => portsOf(container).length > 0)
    if (bad.length === 0) return undefined
    const ports = sorted(bad.flatMap(portsOf))
    const use = bad.length === 1 ? 'uses' : 'use'
    return {
      reason: 'hostPort',
      detail: `${counted('container', names(bad))} ${use} ${plural('hostPort', ports)} ${ports.join(', ')}`,
    }
  },
}

const privileged: Check = {
  check: ({ spec }) => {
    const bad = containersOf(spec).filter((one) => securityField(one, 'privileged') === true)
    if (bad.length === 0) return undefined
    return {
      reason: 'privileged',
      detail: `${counted('container', names(bad))} must not set securityContext.privileged=true`,
    }
  },
}

const procMount: Check = {
  check: ({ spec }) => {
    const isBad = (value: unknown) => typeof value === 'string' && value !== 'Default'
    const bad = containersOf(spec).filter((one) => isBad(securityField(one, 'procMount')))
    if (bad.length === 0) return undefined
    const types = sorted(bad.map((one) => String(securityField(one, 'procMount'))))
    return {
      reason: 'procMount',
      detail: `${counted('container', names(bad))} must not set securityContext.procMount to ${quoted(types)}`,
    }
  },
}

const seLinuxTypes = ['', 'container_t', 'container_init_t', 'container_kvm_t']
const engineSince = 31

const seLinuxOptions: Check = {
  check: ({ spec, version }) => {
    const allowed = [...seLinuxTypes, ...(version >= engineSince ? ['container_engine_t'] : [])]
    const at = (holder: JsonObject, field: string) =>
      textAt(valueAt(holder, ['securityContext', 'seLinuxOptions']), [field]) ?? ''
    const isBad = (holder: JsonObject) =>
      !allowed.includes(at(holder, 'type')) ||
      at(holder, 'user') !== '' ||
      at(holder, 'role') !== ''
    const who = setters(spec, isBad)
    if (who === '') return undefined
    const holders = [spec, ...containersOf(spec)]
    const types = sorted(holders.map((one) => at(one, 'type'))).filter(
      (one) => !allowed.includes(one),
    )
    const faults = [
      ...(types.length > 0 ? [counted('type', types)] : []),
      ...(holders.some((one) => at(one, 'user') !== '') ? ['user may not be set'] : []),
      ...(holders.some((one) => at(one, 'role') !== '') ? ['role may not be set'] : []),
    ]
    return {
      reason: 'seLinuxOptions',
      detail: `${who} set forbidden securityContext.seLinuxOptions: ${faults.join('; ')}`,
    }
  },
}

const seccompTypes = new Set(['RuntimeDefault', 'Localhost'])

export function isBadSeccomp(value: unknown): boolean {
  return typeof value === 'string' && !seccompTypes.has(value)
}

export const seccompProfile: Check = {
  since: 19,
  isReplaced: true,
  check: ({ spec }) => {
    const who = setters(spec, (one) => isBadSeccomp(securityField(one, 'seccompProfile', 'type')))
    if (who === '') return undefined
    const types = sorted(textsAt(spec, 'seccompProfile', 'type').filter(isBadSeccomp))
    return {
      reason: 'seccompProfile',
      detail: `${who} must not set securityContext.seccompProfile.type to ${quoted(types)}`,
    }
  },
}

/** Settings of the kernel that are a pod's own, and since when each is allowed. */
const safeSysctls: ReadonlyMap<string, number> = new Map([
  ['kernel.shm_rmid_forced', 0],
  ['net.ipv4.ip_local_port_range', 0],
  ['net.ipv4.tcp_syncookies', 0],
  ['net.ipv4.ping_group_range', 0],
  ['net.ipv4.ip_unprivileged_port_start', 0],
  ['net.ipv4.ip_local_reserved_ports', 27],
  ['net.ipv4.tcp_keepalive_time', 29],
  ['net.ipv4.tcp_fin_timeout', 29],
  ['net.ipv4.tcp_keepalive_intvl', 29],
  ['net.ipv4.tcp_keepalive_probes', 29],
  ['net.ipv4.tcp_rmem', 32],
  ['net.ipv4.tcp_wmem', 32],
])

const sysctls: Check = {
  check: ({ spec, version }) => {
    const isSafe = (name: string) => (safeSysctls.get(name) ?? Number.NaN) <= version
    const bad = names(listAt(spec, ['securityContext', 'sysctls'])).filter((name) => !isSafe(name))
    return bad.length === 0 ? undefined : { reason: 'forbidden sysctls', detail: bad.join(', ') }
  },
}

const windowsHostProcess: Check = {
  check: ({ spec }) => {
    const who = setters(
      spec,
      (holder) => securityField(holder, 'windowsOptions', 'hostProcess') === true,
    )
    if (who === '') return undefined
    const detail = `${who} must not set securityContext.windowsOptions.hostProcess=true`
    return { reason: 'hostProcess', detail }
  },
}

export const baselineChecks: readonly Check[] = [
  appArmorProfile,
  capabilities,
  hostNamespaces,
  hostPathVolumes,
  hostPorts,
  privileged,
  procMount,
  seLinuxOptions,
  seccompProfile,
  sysctls,
  windowsHostProcess,
]
