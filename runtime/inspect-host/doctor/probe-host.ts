import { accessSync, constants, existsSync, readFileSync, readdirSync } from 'node:fs'
import { delimiter, join } from 'node:path'

/** Text of a file, trimmed; empty where it does not exist or may not be read. */
export function readTextOf(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim()
  } catch {
    return ''
  }
}

/** Names in a folder; empty where it does not exist. */
export function listNames(path: string): string[] {
  try {
    return readdirSync(path)
  } catch {
    return []
  }
}

/** Path of a program in PATH (and the sbin folders that a user's PATH may lack). */
export function findProgram(name: string, path: string): string | undefined {
  for (const folder of [...path.split(delimiter), '/usr/sbin', '/sbin']) {
    if (folder === '') continue
    const file = join(folder, name)
    try {
      accessSync(file, constants.X_OK)
      return file
    } catch {
      // Not here.
    }
  }
  return undefined
}

/** Whether a kernel part is loaded, built in, or there as a module that can be loaded. */
export function hasKernelModule(module: string, release: string): boolean {
  const file = module.replaceAll('-', '_')
  if (existsSync(`/sys/module/${file}`)) return true
  const folder = `/lib/modules/${release}`
  const pattern = new RegExp(`/${module.replaceAll(/[-_]/g, '[-_]')}\\.ko`, 'm')
  return ['modules.builtin', 'modules.dep'].some((list) =>
    pattern.test(readTextOf(join(folder, list))),
  )
}
