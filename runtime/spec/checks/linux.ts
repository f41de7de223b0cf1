import type { Config } from '../config.ts'
import { isNumberList } from '../number-list.ts'
import type { Report } from '../problem.ts'

export function checkDevices({ linux }: Config, report: Report): void {
  linux?.devices?.forEach((device, index) => {
    const path = `linux.devices[${index}]`
    if (!device.path.startsWith('/')) report(`${path}.path`, 'an absolute path', device.path)
    if (device.type === 'p') return
    for (const key of ['major', 'minor'] as const) {
      const number = device[key]
      if (number === undefined || number < 0 || number > 0xffff_ffff)
        report(`${path}.${key}`, `a device number with type ${device.type}`, number ?? 'nothing')
    }
  })
}

export function checkPaths({ linux }: Config, report: Report): void {
  for (const key of ['maskedPaths', 'readonlyPaths'] as const)
    linux?.[key]?.forEach((path, index) => {
      if (!path.startsWith('/')) report(`linux.${key}[${index}]`, 'an absolute path', path)
    })
  const cgroupsPath = linux?.cgroupsPath
  if (cgroupsPath?.split('/').includes('..'))
    report('linux.cgroupsPath', 'a path without ..', cgroupsPath)
}

export function checkPersonality({ linux }: Config, report: Report): void {
  const flags = linux?.personality?.flags ?? []
  if (flags.length > 0) report('linux.personality.flags', 'no flag: none is defined yet', flags[0])
}

/** What set_mempolicy(2) would refuse with EINVAL. */
export function checkMemoryPolicy({ linux }: Config, report: Report): void {
  const policy = linux?.memoryPolicy
  if (policy === undefined) return
  const path = 'linux.memoryPolicy'
  const { mode, nodes = '', flags = [] } = policy
  const takesNone = mode === 'MPOL_DEFAULT' || mode === 'MPOL_LOCAL'
  if (!isNumberList(nodes)) report(`${path}.nodes`, 'a node list such as 0-1,4', nodes)
  if (takesNone && nodes !== '') report(`${path}.nodes`, `nothing with ${mode}`, nodes)
  // MPOL_PREFERRED without nodes means the local one.
  if (!takesNone && mode !== 'MPOL_PREFERRED' && nodes.trim() === '')
    report(`${path}.nodes`, `at least one node with ${mode}`, nodes)
  if (flags.includes('MPOL_F_STATIC_NODES') && flags.includes('MPOL_F_RELATIVE_NODES'))
    report(`${path}.flags`, 'only one of STATIC_NODES and RELATIVE_NODES')
  if (flags.includes('MPOL_F_NUMA_BALANCING') && !/^MPOL_(BIND|PREFERRED_MANY)$/.test(mode))
    report(`${path}.flags`, 'NUMA_BALANCING only with MPOL_BIND or MPOL_PREFERRED_MANY')
}

/** The class name becomes a folder of resctrl, and a line break would start another schema. */
export function checkIntelRdt({ linux }: Config, report: Report): void {
  const rdt = linux?.intelRdt
  if (rdt === undefined) return
  const { closID, memBwSchema } = rdt
  const isName = closID === '/' || !/^(?:|\.{1,2}|[^]*[/\n][^]*)$/.test(closID ?? 'none')
  if (!isName) report('linux.intelRdt.closID', 'a name without a slash, or / alone', closID)
  if (memBwSchema !== undefined && !memBwSchema.startsWith('MB:'))
    report('linux.intelRdt.memBwSchema', 'MB: in front', memBwSchema)
  for (const key of ['l3CacheSchema', 'memBwSchema'] as const)
    if (rdt[key]?.includes('\n')) report(`linux.intelRdt.${key}`, 'one line', rdt[key])
  rdt.schemata?.forEach((line, index) => {
    if (line.includes('\n')) report(`linux.intelRdt.schemata[${index}]`, 'one line', line)
  })
}
