import type { Compilation } from './compilation.ts'
import { ERRNO } from './flags/values.ts'
import type { Label } from './program.ts'

// A program without a slash in its name is looked for in each folder of PATH: by whoever creates a container, to tell
// of a missing one, and by the execve itself.

const DEFAULT_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'

/** Step sentence by which a failed search for the program is recognised. */
export const searchSource = 'execvp(3)'

/** Folders that a program without a slash in its name is looked for in. */
export function searchPath(c: Compilation): string[] {
  const entry = (c.config.process?.env ?? []).findLast((line) => line.startsWith('PATH='))
  return [...new Set((entry?.slice(5) ?? DEFAULT_PATH).split(':'))]
}

/** The end of one folder's turn, which goes on at `next`; from `denied` on it is remembered that it was refused there. */
export function endTurn({ b }: Compilation, next: Label, denied: Label): void {
  b.place(denied)
  b.move(b.slot('denied'), -ERRNO.EACCES, {
    why: 'a later folder may still have a program that can be run',
    source: searchSource,
  })
  b.place(next)
  b.move(b.slot('result'), -1, { why: 'the next folder starts afresh', source: searchSource })
}

/** Goes on at `denied` where the last attempt was refused. */
export function rememberRefusal({ b }: Compilation, denied: Label): void {
  b.jumpIfEqual(b.slot('result'), -ERRNO.EACCES, denied, {
    why: 'remembered: "permission denied" tells more than "not found"',
    source: searchSource,
  })
}

/** No folder had it: fails, as a shell tells it. */
export function reportMissing({ b }: Compilation, name: string): void {
  const missing = b.label('program missing')
  b.jumpIfEqual(b.slot('denied'), -1, missing, {
    why: 'no folder of PATH has it',
    source: searchSource,
  })
  b.operation('FAIL', [ERRNO.EACCES], {
    why: `"${name}" was found in PATH but cannot be executed`,
    source: searchSource,
  })
  b.place(missing)
  b.operation('FAIL', [ERRNO.ENOENT], {
    why: `"${name}" is in no folder of PATH`,
    source: searchSource,
  })
}
