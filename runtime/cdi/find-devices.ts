import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'
import { OperationError } from '../../native/error.ts'
import { isSystemError } from '../../native/system-error.ts'
import { type CdiEdits, type CdiSpec, cdiSpec } from './cdi-spec.ts'

/** Where vendors and administrators put specifications; what is in a later folder wins. */
const standardFolders = ['/etc/cdi', '/var/run/cdi']

interface FoundDevice {
  readonly spec: CdiSpec
  readonly edits: CdiEdits
  readonly path: string
}

/**
 * What has to be done to a container's configuration for devices by their full names (`vendor.com/class=name`):
 * for each specification its own part once, then that of each device.
 *
 * @throws {OperationError} `NOT_FOUND`, with what there is; `INVALID_SPEC` for a specification that is malformed
 */
export function cdiEdits(
  names: readonly string[],
  folders: readonly string[] = standardFolders,
): CdiEdits[] {
  const known = new Map<string, FoundDevice>()
  for (const folder of folders)
    for (const path of specPaths(folder)) {
      const spec = readSpec(path)
      for (const { name, containerEdits: edits } of spec.devices)
        known.set(`${spec.kind}=${name}`, { spec, edits, path })
    }
  const found = names.map((name) => known.get(name) ?? missing(name, [...known.keys()]))
  const specs = new Map(found.map(({ path, spec }) => [path, spec]))
  return [
    ...[...specs.values()].flatMap(({ containerEdits }) => containerEdits ?? []),
    ...found.map(({ edits }) => edits),
  ]
}

function specPaths(folder: string): string[] {
  try {
    return readdirSync(folder)
      .filter((name) => /\.(?:json|ya?ml)$/.test(name))
      .toSorted()
      .map((name) => join(folder, name))
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return []
    throw error
  }
}

function readSpec(path: string): CdiSpec {
  let value: unknown
  try {
    value = parse(readFileSync(path, 'utf8'), { maxAliasCount: 100 })
  } catch (cause) {
    throw malformed(path, cause)
  }
  const result = cdiSpec().safeParse(value)
  if (result.success) return result.data
  throw malformed(path, result.error)
}

function malformed(path: string, cause: unknown): OperationError {
  return new OperationError(
    'INVALID_SPEC',
    'read a specification of devices',
    { path },
    { cause, hint: 'Have it made anew by the tool of its vendor, or take the file away' },
  )
}

function missing(name: string, known: readonly string[]): never {
  const nvidia =
    'Have its vendor describe it: nvidia-ctk cdi generate --output=/etc/cdi/nvidia.yaml'
  throw new OperationError(
    'NOT_FOUND',
    `find the device ${name}`,
    { known: known.slice(0, 20).join(' ') || 'none' },
    {
      hint: name.startsWith('nvidia.com/')
        ? nvidia
        : 'Name one that a file in /etc/cdi or /var/run/cdi describes, or a path: --device /dev/NAME',
    },
  )
}
