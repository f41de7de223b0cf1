import { closeFile, openFlags } from '../../native/file.ts'
import { getAttribute, listAttributes } from '../../native/xattr.ts'
import { isAllowedAttribute } from '../layer/plan.ts'
import { rawPath } from '../layer/folder-cache.ts'
import type { FileSource } from './file-source.ts'
import { openSourceFile } from './read-source.ts'
import type { SourceFile } from './source-file.ts'

const none: ReadonlyMap<string, Buffer> = new Map()

/** Labels and signatures of the host's own security modules: they say nothing inside an image. */
const hostsOwn = /^security\.(?:selinux|apparmor|SMACK64|ima|evm)/

/** The extended attributes of a file that go along with it, in order of their names. */
export function copiedAttributes(
  source: FileSource,
  file: SourceFile,
): ReadonlyMap<string, Buffer> {
  const descriptor = openSourceFile(source, file.path, openFlags.path)
  try {
    return attributesOf(descriptor)
  } finally {
    closeFile(descriptor)
  }
}

/** As `copiedAttributes`, of an open file (`O_PATH` will do). */
export function attributesOf(descriptor: number): ReadonlyMap<string, Buffer> {
  const names = listAttributes(descriptor)
  if (typeof names === 'number' || names.length === 0) return none
  const found = new Map<string, Buffer>()
  for (const name of names.toSorted()) {
    if (!isAllowedAttribute(name) || hostsOwn.test(name)) continue
    const value = getAttribute(descriptor, rawPath(name))
    if (typeof value !== 'number') found.set(name, value)
  }
  return found
}
