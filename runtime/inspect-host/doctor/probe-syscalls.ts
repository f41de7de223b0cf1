import { constants } from 'node:os'
import { declareSyscall } from '../../../native/ffi/library.ts'

export type SyscallAnswer = 'works' | 'absent' | 'forbidden' | 'unknown'

// Each call gets arguments that can only fail (a bad descriptor or a null pointer), so nothing
// is changed: ENOSYS means that the kernel has no such call, EPERM that a filter or the lack of
// a capability forbids it; any other answer proves that it is there.
const hopelessCalls: readonly { name: string; arguments: readonly number[] }[] = [
  { name: 'openat2', arguments: [-1, 0, 0, 0] },
  { name: 'clone3', arguments: [0, 0] },
  { name: 'open_tree', arguments: [-1, 0, 0] },
  { name: 'move_mount', arguments: [-1, 0, -1, 0, 0] },
  { name: 'fsopen', arguments: [0, 0xff] },
  { name: 'fsmount', arguments: [-1, 0, 0] },
  { name: 'mount_setattr', arguments: [-1, 0, 0, 0, 0] },
  { name: 'pidfd_open', arguments: [-1, 0] },
  { name: 'pidfd_send_signal', arguments: [-1, 0, 0, 0] },
  { name: 'close_range', arguments: [1, 0, 0] },
  { name: 'execveat', arguments: [-1, 0, 0, 0, 0] },
  { name: 'seccomp', arguments: [0xff, 0, 0] },
  { name: 'bpf', arguments: [-1, 0, 0] },
  { name: 'landlock_create_ruleset', arguments: [0, 0, 0xff] },
  { name: 'set_mempolicy', arguments: [-1, 0, 0] },
]

/** What the kernel says to each call that we rely on. Loads the FFI library. */
export function probeSyscalls(): ReadonlyMap<string, SyscallAnswer> {
  const answers = new Map<string, SyscallAnswer>()
  for (const { name, arguments: hopeless } of hopelessCalls)
    answers.set(name, classify(callHopelessly(name, hopeless)))
  return answers
}

function callHopelessly(name: string, hopeless: readonly number[]): number | undefined {
  try {
    const types = hopeless.map(() => 'long')
    return Number(declareSyscall(name, types)(...hopeless))
  } catch {
    return undefined // no number for it on this architecture, or FFI is not built
  }
}

function classify(result: number | undefined): SyscallAnswer {
  if (result === undefined) return 'unknown'
  if (result === -constants.errno.ENOSYS) return 'absent'
  return result === -constants.errno.EPERM ? 'forbidden' : 'works'
}
