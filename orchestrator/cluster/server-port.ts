import { readFileSync } from 'node:fs'

const usualPort = 6443
/** As /proc/net/tcp writes the state of a socket that listens. */
const listening = '0A'

/**
 * Where the server of a new cluster listens: 6443 on the cluster's own address, or the next port that no other
 * program has on all addresses of this machine.
 */
export function chooseServerPort(): number {
  const taken = new Set(['/proc/net/tcp', '/proc/net/tcp6'].flatMap(readWildcardPorts))
  let port = usualPort
  while (taken.has(port)) port++
  return port
}

function readWildcardPorts(path: string): number[] {
  try {
    return parseWildcardPorts(readFileSync(path, 'utf8'))
  } catch {
    // A machine without IPv6 has no such file.
    return []
  }
}

/** Ports of sockets that listen on every address. @param text of proc_net_tcp(5) */
export function parseWildcardPorts(text: string): number[] {
  return text
    .split('\n')
    .slice(1)
    .flatMap((line) => {
      const [, local = '', , state] = line.trim().split(/\s+/)
      const [address = '', port = ''] = local.split(':')
      return state === listening && /^0+$/.test(address) ? [Number.parseInt(port, 16)] : []
    })
}
