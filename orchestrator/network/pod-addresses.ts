import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { isSystemError } from '../../native/system-error.ts'
import { OperationError } from '../../native/error.ts'

// Which address of the node's range belongs to which pod: a file an address, made exclusively, so that it survives the
// agent and two pods never get the same.

export interface PodAddresses {
  /** The address of that pod, the same as before where it has one. @throws {OperationError} `BAD_STATE` when all are taken */
  take(podUid: string): string
  release(podUid: string): void
  /** Who has addresses. */
  owners(): ReadonlySet<string>
}

/** How many addresses of the range go to nobody: the network's own and the bridge's. */
const reservedAddresses = 2

/** @param cidr an IPv4 range like `10.244.1.0/24`; its first address is the bridge's, its last the broadcast's */
export function openPodAddresses(folder: string, cidr: string): PodAddresses {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const [base = '', length = '24'] = cidr.split('/')
  const first = toNumber(base)
  const count = 2 ** (32 - Number(length))
  const taken = new Map<string, string>()
  for (const address of readdirSync(folder)) {
    const owner = readFileSync(join(folder, address), 'utf8')
    // Whoever claimed it was killed before it could say for whom.
    if (owner === '') rmSync(join(folder, address))
    else taken.set(owner, address)
  }
  // The next one after the last: an address that was just given back is asked for by others for a while.
  let next = reservedAddresses
  return {
    take: (podUid) => {
      const known = taken.get(podUid)
      if (known !== undefined) return known
      for (let tried = reservedAddresses; tried < count - 1; tried++) {
        const address = toText(first + next)
        next = next + 1 < count - 1 ? next + 1 : reservedAddresses
        if (!claim(join(folder, address), podUid)) continue
        taken.set(podUid, address)
        return address
      }
      throw new OperationError(
        'BAD_STATE',
        'give a pod an address',
        { range: cidr },
        { hint: 'Every address of the node is taken: remove pods, or give nodes larger ranges' },
      )
    },
    release: (podUid) => {
      const address = taken.get(podUid)
      if (address === undefined) return
      taken.delete(podUid)
      rmSync(join(folder, address), { force: true })
    },
    owners: () => new Set(taken.keys()),
  }
}

function claim(path: string, podUid: string): boolean {
  try {
    writeFileSync(path, podUid, { flag: 'wx', mode: 0o600 })
    return true
  } catch (error) {
    if (isSystemError(error, 'EEXIST')) return false
    throw error
  }
}

/** @param address dotted, IPv4 */
export function toNumber(address: string): number {
  return address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0)
}

export function toText(address: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(address / 2 ** shift) % 256).join('.')
}
