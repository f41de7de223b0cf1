import { BY_DESCRIPTOR } from './compilation.ts'
import type { Compilation } from './compilation.ts'
import { AT_FDCWD, MOUNT_ATTR, OPEN_TREE } from './flags/values.ts'
import type { Operand, Slot } from './operand.ts'
import type { Step } from './program.ts'
import { MOUNT_ATTR_SIZE, MOUNT_ATTR_USERNS_OFFSET, mountAttributes } from './structs.ts'

/** A detached mount of what lies at a path of the host. */
export function cloneTree(c: Compilation, path: string, to: Slot, recursive: number): void {
  c.b.call(
    'open_tree',
    [AT_FDCWD, c.b.text(path), OPEN_TREE.CLONE | OPEN_TREE.CLOEXEC | recursive],
    {
      to,
      why: 'a mount of its own for the root file system: pivot_root needs one, and the host’s table stays short',
      source: 'open_tree(2)',
    },
  )
}

/** Said of every mount whose ids are mapped, so that its failure is known. */
const mappedWhy = 'files would else belong to nobody inside, or have to be chowned one by one'

/** Whether a step maps the ids of a mount. */
export function isMappingStep({ why }: Pick<Step, 'why'>): boolean {
  return why === mappedWhy
}

/** Outer half: ids of `userns` inside stand for the ids on disk. */
export function mapMount(c: Compilation, mount: Slot, userns: Operand, recursive = 0): void {
  const { b } = c
  const attributes = mountAttributes(b.data, { set: MOUNT_ATTR.IDMAP })
  b.store(userns, attributes, MOUNT_ATTR_USERNS_OFFSET, 4, {
    why: 'the descriptor is known only now',
    source: 'mount_setattr(2)',
  })
  b.call(
    'mount_setattr',
    [mount, b.text(''), BY_DESCRIPTOR | recursive, attributes, MOUNT_ATTR_SIZE],
    {
      why: mappedWhy,
      source: 'mount_setattr(2)',
    },
  )
}
