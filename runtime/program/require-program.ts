import { endTurn, rememberRefusal, reportMissing, searchPath, searchSource } from './search-path.ts'
import type { Compilation } from './compilation.ts'
import { AT_FDCWD, ERRNO, O } from './flags/values.ts'
import { close, directoryFlag } from './compilation.ts'
import type { Label } from './program.ts'

const X_OK = 1
const AT_EACCESS = 0x200
const absent = ['ENOENT', 'ENOTDIR', 'ELOOP', 'ENAMETOOLONG']

/**
 * Inner half, as the user and before the gate: the program is there and may be executed. Whoever creates a container
 * wants to hear of a missing program then; at the start there is nobody left to tell.
 */
export function requireProgram(c: Compilation): void {
  const { b } = c
  const [name = ''] = c.config.process?.args ?? []
  if (name === '') return
  if (name.includes('/')) return requireFile(c, name)
  const found = b.label('program found')
  for (const folder of searchPath(c)) tryFile(c, `${folder === '' ? '.' : folder}/${name}`, found)
  reportMissing(c, name)
  b.place(found)
}

function requireFile(c: Compilation, path: string): void {
  const { b } = c
  b.call('faccessat2', [AT_FDCWD, b.text(path), X_OK, AT_EACCESS], {
    why: 'a program that cannot be executed is told of while somebody listens',
    source: searchSource,
  })
  const isFile = b.label('no folder')
  openFolder(c, path, isFile)
  b.operation('FAIL', [ERRNO.EACCES], { why: `${path} is a folder`, source: searchSource })
  b.place(isFile)
}

function tryFile(c: Compilation, path: string, found: Label): void {
  const { b } = c
  const [next, denied] = [b.label('next folder'), b.label('not executable')]
  b.call('faccessat2', [AT_FDCWD, b.text(path), X_OK, AT_EACCESS], {
    to: b.slot('result'),
    ignore: [...absent, 'EACCES'],
    why: 'looked for in each folder of PATH',
    source: searchSource,
  })
  rememberRefusal(c, denied)
  b.jumpIfNonZero(b.slot('result'), next, { why: 'not in this folder', source: searchSource })
  openFolder(c, path, found)
  endTurn(c, next, denied)
}

/** A folder has the permission too, and cannot be executed: goes on at `isFile` where it is none. */
function openFolder(c: Compilation, path: string, isFile: Label): void {
  const { b } = c
  b.call('openat', [AT_FDCWD, b.text(path), O.PATH | directoryFlag(c) | O.CLOEXEC, 0], {
    to: b.slot('file'),
    ignore: 'any',
    ifIgnored: isFile,
    why: 'only a folder can be opened as one',
    source: searchSource,
  })
  close(c, b.slot('file'), 'a folder')
}
