import type { Config } from '../config.ts'
import type { Namespace, NamespaceType } from '../linux.ts'
import { formatPath } from '../problem.ts'
import type { Report } from '../problem.ts'

/** The entry for a namespace that the container does not share with the runtime. */
export function findNamespace(config: Config, type: NamespaceType): Namespace | undefined {
  return config.linux?.namespaces?.find((namespace) => namespace.type === type)
}

export function checkNamespacesUnique(config: Config, report: Report): void {
  const seen = new Set<NamespaceType>()
  config.linux?.namespaces?.forEach(({ type, path }, index) => {
    const at = `linux.namespaces[${index}]`
    if (seen.has(type)) report(`${at}.type`, 'each type once', type)
    seen.add(type)
    if (path !== undefined && path !== '' && !path.startsWith('/'))
      report(`${at}.path`, 'an absolute path', path)
  })
}

/** Without a namespace of its own the container would rename the host. */
export function checkHostname(config: Config, report: Report): void {
  const { hostname, domainname } = config
  const names = Object.entries({ hostname, domainname })
  for (const [key, name] of names) {
    if (name === undefined || name === '') continue
    if (findNamespace(config, 'uts') === undefined)
      report(key, 'a uts namespace in linux.namespaces', name)
    if (Buffer.byteLength(name) > 64) report(key, 'at most 64 bytes', name)
  }
}

const NANOSECONDS = 1_000_000_000

/** Offsets can be written only before the first process is in, so never into a joined namespace. */
export function checkTimeOffsets(config: Config, report: Report): void {
  const offsets = Object.entries(config.linux?.timeOffsets ?? {})
  if (offsets.length === 0) return
  const namespace = findNamespace(config, 'time')
  if (namespace === undefined) report('linux.timeOffsets', 'a time namespace in linux.namespaces')
  else if (namespace.path !== undefined && namespace.path !== '')
    report('linux.timeOffsets', 'a new time namespace, not one to join', namespace.path)
  for (const [clock, { nanosecs }] of offsets) {
    const path = formatPath(['linux', 'timeOffsets', clock])
    if (clock !== 'monotonic' && clock !== 'boottime') report(path, 'monotonic or boottime', clock)
    if (nanosecs !== undefined && nanosecs >= NANOSECONDS)
      report(`${path}.nanosecs`, 'less than one second', nanosecs)
  }
}

/** Moving a device "into" the host's own namespace could only rename it there. */
export function checkNetDevices(config: Config, report: Report): void {
  const devices = Object.entries(config.linux?.netDevices ?? {})
  if (devices.length > 0 && findNamespace(config, 'network') === undefined)
    report('linux.netDevices', 'a network namespace in linux.namespaces')
  const names = new Set<string>()
  for (const [hostName, { name }] of devices) {
    const path = formatPath(['linux', 'netDevices', hostName])
    if (!isInterfaceName(hostName)) report(path, 'the name of a network device', hostName)
    if (name !== undefined && name !== '' && !isInterfaceName(name.replace('%d', '0')))
      report(`${path}.name`, 'the name of a network device', name)
    const inside = name || hostName
    if (names.has(inside) && !inside.includes('%d'))
      report(`${path}.name`, 'each name once', inside)
    names.add(inside)
  }
}

/** dev_valid_name() of the kernel: IFNAMSIZ is 16 with the NUL. */
function isInterfaceName(name: string): boolean {
  return /^[^\s/:%]{1,15}$/.test(name) && name !== '.' && name !== '..'
}
