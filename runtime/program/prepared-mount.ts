import { BY_DESCRIPTOR, attachMount, close } from './compilation.ts'
import type { Compilation } from './compilation.ts'
import { AT, MNT_DETACH, OPEN_TREE } from './flags/values.ts'
import type { Slot } from './operand.ts'

/** Whether the mount table would show a mount before others that come first, and can be made not to. */
export function isListedEarly({ isForeign }: Compilation, prepared: string | undefined): boolean {
  // What came into a user namespace from outside may not be taken apart there, and nobody looks for devpts.
  return prepared !== undefined && prepared !== 'devpts' && !isForeign
}

/**
 * Inner half: the mount of the outer half in slot `mount`, attached to `target` before, gives way to its clone. Since Linux
 * 6.8 the mount table is in order of creation, and whoever reads it takes that for the order of the mounts.
 */
export function listInOrder(c: Compilation, target: Slot, destination: string): void {
  const { b } = c
  const [early, late] = [b.slot('mount'), b.slot('probe')]
  const flags = OPEN_TREE.CLONE | OPEN_TREE.CLOEXEC | AT.RECURSIVE | BY_DESCRIPTOR
  const why = `${destination}: made before all others, it would be listed before them`
  b.call('open_tree', [early, b.text(''), flags], { to: late, why, source: 'open_tree(2)' })
  const path = b.format('/proc/self/fd/%d', early, { why, source: 'umount(2)' })
  b.call('umount2', [path, MNT_DETACH], { why, source: 'umount(2)' })
  close(c, early, 'its clone takes its place')
  b.move(early, late, { why, source: 'open_tree(2)' })
  attachMount(c, early, target, { why, source: 'move_mount(2)' })
}
