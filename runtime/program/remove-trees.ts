import { directoryFlag } from './compilation.ts'
import type { Compilation } from './compilation.ts'
import { AT_FDCWD, O } from './flags/values.ts'

/** Cleanup section, its end: trees that go with the container (`--rm`). */
export function removeTrees(c: Compilation): void {
  const { b, base } = c
  for (const { folder, name } of base.remove ?? []) {
    b.call('openat', [AT_FDCWD, b.text(folder), directoryFlag(c) | O.CLOEXEC, 0], {
      to: b.slot('file'),
      ignore: 'any',
      why: 'the folder that the files lie in',
      source: 'openat(2)',
    })
    b.operation('REMOVE_TREE', [b.slot('file'), b.text(name).value], {
      why: 'the files of the container go with it',
      source: 'unlink(2)',
    })
  }
  b.operation('END', [], { why: 'nothing of it is left', source: 'exit(2)' })
}
