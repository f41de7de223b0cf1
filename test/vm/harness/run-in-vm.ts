import { makeGuestImage } from './guest-image.ts'
import { startGuest } from './start-guest.ts'
import type { GuestEnd } from './start-guest.ts'

export interface VmOptions {
  /** Run by bash in the guest, as root, in the checkout. */
  readonly script: string
  /** The guest is ended when it takes longer, from power on. */
  readonly deadlineMs: number
  /** RAM, in MiB. Absent: 1536. */
  readonly memoryMib?: number
  /** Called with each whole line that the script prints, as it comes. */
  readonly onLine?: (line: string) => void
}

export interface VmResult extends GuestEnd {
  readonly isTimedOut: boolean
}

/**
 * Boot a guest with a pure cgroup v2 kernel, this host's programs and this checkout, run one
 * script in it, and take it down. The guest has a loopback interface and no other.
 *
 * @throws {Error} when the guest cannot be made; what happens in it is in the result
 */
export async function runInVm(options: VmOptions): Promise<VmResult> {
  const { script, deadlineMs, memoryMib = 1536, onLine } = options
  const image = makeGuestImage(script)
  let isTimedOut = false
  try {
    const guest = startGuest(image, { name: 'guest', memoryMib, onLine })
    const deadline = setTimeout(() => {
      isTimedOut = true
      guest.kill()
    }, deadlineMs)
    try {
      return { ...(await guest.ended), isTimedOut }
    } finally {
      clearTimeout(deadline)
    }
  } finally {
    image.remove()
  }
}
