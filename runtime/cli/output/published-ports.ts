import type { PublishedPort } from '../../container/state.ts'

/**
 * The PORTS column of ps: `0.0.0.0:8080-8081->80-81/tcp, 443/tcp`.
 * @param exposed `80/tcp` and so on; those that are not published are listed alone
 */
export function portsText(ports: readonly PublishedPort[], exposed: readonly string[]): string {
  const published = new Set(
    ports.map(({ containerPort, protocol }) => `${containerPort}/${protocol}`),
  )
  const unpublished = exposed
    .filter((port) => !published.has(port))
    .map((port): Group => {
      const [number, protocol = 'tcp'] = port.split('/')
      return { protocol, first: Number(number), last: Number(number) }
    })
  const sorted = [...ports].toSorted((a, b) => a.containerPort - b.containerPort)
  const groups = sorted.map(({ containerPort, hostPort, hostIp, protocol }): Group => ({
    protocol,
    first: containerPort,
    last: containerPort,
    host: { ip: hostIp, first: hostPort, last: hostPort },
  }))
  const plain = unpublished.toSorted((a, b) => a.first - b.first)
  return [...joinRanges(groups), ...joinRanges(plain)].map(groupText).join(', ')
}

interface Group {
  readonly protocol: string
  readonly first: number
  readonly last: number
  readonly host?: { readonly ip: string; readonly first: number; readonly last: number }
}

function joinRanges(groups: readonly Group[]): Group[] {
  const joined: Group[] = []
  for (const group of groups) {
    const at = joined.findIndex((earlier) => follows(earlier, group))
    const earlier = joined[at]
    if (!earlier) joined.push(group)
    else
      joined[at] = {
        ...earlier,
        last: group.last,
        ...(earlier.host && group.host ? { host: { ...earlier.host, last: group.host.last } } : {}),
      }
  }
  return joined
}

function follows(earlier: Group, { protocol, first, host }: Group): boolean {
  if (earlier.protocol !== protocol || earlier.last + 1 !== first) return false
  return earlier.host?.ip === host?.ip && (earlier.host?.last ?? 0) + 1 === (host?.first ?? 1)
}

function groupText({ protocol, first, last, host }: Group): string {
  const range = `${rangeText(first, last)}/${protocol}`
  if (!host) return range
  const ip = host.ip.includes(':') ? `[${host.ip}]` : host.ip
  return `${ip}:${rangeText(host.first, host.last)}->${range}`
}

function rangeText(first: number, last: number): string {
  return first === last ? String(first) : `${first}-${last}`
}
