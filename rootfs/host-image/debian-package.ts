import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'

const infoFolder = '/var/lib/dpkg/info'

/** A package of the host, as dpkg's own files know it; nothing is executed. */
export interface HostPackage {
  readonly name: string
  /** Every path that belongs to it, folders too. */
  readonly paths: readonly string[]
}

/**
 * The package that owns a file, and its relatives by family name: those that it depends on (nginx:
 * nginx-common), which hold the configuration, and those that extend it.
 *
 * @returns an empty list where dpkg does not know the file
 */
export function packagesOf(path: string): HostPackage[] {
  const owner = owningPackage(path)
  if (!owner) return []
  const family = familyName(owner.name)
  const found = new Map([[owner.name, owner]])
  // The map grows while it is walked: relatives of relatives count.
  for (const name of found.keys())
    for (const dependency of dependenciesOf(name)) {
      if (found.has(dependency) || familyName(dependency) !== family) continue
      const relative = readPackage(dependency)
      if (relative) found.set(dependency, relative)
    }
  for (const extension of extensionsOf(family))
    if (!found.has(extension.name)) found.set(extension.name, extension)
  return [...found.values()]
}

/**
 * Packages that extend a family from outside: nothing depends on libnginx-mod-http-echo, yet where it
 * is installed the configuration loads it. They have files in the family's own folders.
 */
function extensionsOf(family: string): HostPackage[] {
  const folders = ['/usr/lib', '/usr/share', '/etc'].map((folder) => `${folder}/${family}/`)
  return listedPackages()
    .filter((name) => familyName(name) === family && !/-(?:dev|doc|dbgsym)(?::|$)/.test(name))
    .flatMap((name) => readPackage(name) ?? [])
    .filter(({ paths }) => paths.some((path) => folders.some((at) => path.startsWith(at))))
}

/** "nginx" of "nginx-core", "postgresql" of "postgresql-15:amd64", "python3.11" of "libpython3.11-stdlib". */
export function familyName(name: string): string {
  const plain = name.replace(/:.*$/, '').replace(/^lib(?=[a-z])/, '')
  return plain.split('-')[0] ?? plain
}

function owningPackage(path: string): HostPackage | undefined {
  // Packages name files as before the merge of /bin into /usr/bin.
  const spellings = [path, path.replace(/^\/usr\//, '/'), `/usr${path}`]
  for (const name of listedPackages()) {
    const found = readPackage(name)
    if (found && spellings.some((spelling) => found.paths.includes(spelling))) return found
  }
  return undefined
}

function listedPackages(): string[] {
  try {
    return readdirSync(infoFolder)
      .filter((name) => name.endsWith('.list'))
      .map((name) => name.slice(0, -'.list'.length))
      .toSorted()
  } catch {
    return []
  }
}

function readPackage(name: string): HostPackage | undefined {
  const file = [name, `${name}:${process.arch === 'x64' ? 'amd64' : process.arch}`]
  for (const candidate of file) {
    try {
      const text = readFileSync(join(infoFolder, `${candidate}.list`), 'utf8')
      return { name, paths: text.split('\n').filter((path) => path.startsWith('/')) }
    } catch {
      // Not under this name.
    }
  }
  return undefined
}

/** Names in Depends and Pre-Depends; alternatives count all. */
function dependenciesOf(name: string): string[] {
  let status: string
  try {
    status = readFileSync('/var/lib/dpkg/status', 'utf8')
  } catch {
    return []
  }
  const plain = name.replace(/:.*$/, '')
  const paragraph = status.split('\n\n').find((text) => text.startsWith(`Package: ${plain}\n`))
  const fields = (paragraph ?? '').match(/^(?:Pre-)?Depends: .*$/gm) ?? []
  return fields.flatMap((field) =>
    field
      .replace(/^[^:]*: /, '')
      .split(/[,|]/)
      .map((word) => word.trim().replace(/[\s:(].*$/, '')),
  )
}
