import { directoryFlag } from './compilation.ts'
import type { Compilation } from './compilation.ts'
import type { RemovedTree } from './compile-input.ts'
import { AT_FDCWD, O } from './flags/values.ts'

/** Cleanup section: trees that go with the container (`--rm`); those that are put aside only get their other name. */
export function removeTrees(c: Compilation): void {
  const { b } = c
  for (const { folder, name, aside } of c.base.remove ?? []) {
    openParent(c, folder)
    if (aside === undefined) removeTree(c, name)
    else
      b.call('renameat2', [b.slot('file'), b.text(name), b.slot('file'), b.text(aside), 0], {
        ignore: 'any',
        why: 'the container is gone for everybody; its files go later, and the next command removes what is left of them',
        source: 'rename(2)',
      })
  }
}

/** Whether the end is told before everything is gone. */
export function tellsEarly({ base }: Compilation): boolean {
  return base.remove?.some(({ aside }) => aside !== undefined) ?? false
}

/** Cleanup section: nobody waits for what follows. */
export function tellEnd({ b }: Compilation): void {
  b.operation('TELL_END', [], {
    why: 'nothing that follows is missed by anybody: whoever waits for the end goes on',
    source: 'waitid(2)',
  })
}

/** Cleanup section, its end: what was put aside. */
export function removeAside(c: Compilation): void {
  for (const { folder, aside } of c.base.remove ?? []) {
    if (aside === undefined) continue
    openParent(c, folder)
    removeTree(c, aside)
  }
  c.b.operation('END', [], { why: 'nothing of it is left', source: 'exit(2)' })
}

function openParent(c: Compilation, folder: RemovedTree['folder']): void {
  c.b.call('openat', [AT_FDCWD, c.b.text(folder), directoryFlag(c) | O.CLOEXEC, 0], {
    to: c.b.slot('file'),
    ignore: 'any',
    why: 'the folder that the files lie in',
    source: 'openat(2)',
  })
}

function removeTree({ b }: Compilation, name: string): void {
  b.operation('REMOVE_TREE', [b.slot('file'), b.text(name).value], {
    why: 'the files of the container go with it',
    source: 'unlink(2)',
  })
}
