import { OperationError } from '../../native/error.ts'
import type { EngineFolders } from './folders.ts'
import type { MountSpec } from './mount-spec.ts'
import { plainMount } from './mount-spec.ts'
import type { ContainerOptions } from './options.ts'
import type { ResolvedMount } from './record.ts'
import { resolveContainer } from './record-store.ts'

/**
 * The options with the binds and volumes of the containers that `--volumes-from` names added; what
 * the options mount themselves stays.
 *
 * @throws {OperationError} `NOT_FOUND`; `INVALID_ARGUMENT` for an access that is neither ro nor rw
 */
export function withVolumesFrom(
  folders: EngineFolders,
  options: ContainerOptions,
): ContainerOptions {
  if (options.volumesFrom.length === 0) return options
  const mounts = [...options.mounts]
  for (const text of options.volumesFrom)
    for (const mount of mountsOf(folders, text))
      if (!mounts.some(({ destination }) => destination === mount.destination)) mounts.push(mount)
  return { ...options, mounts }
}

function mountsOf(folders: EngineFolders, text: string): MountSpec[] {
  const [container = '', access = 'rw'] = text.split(':')
  if (access !== 'ro' && access !== 'rw')
    throw new OperationError(
      'INVALID_ARGUMENT',
      'parse volumes-from',
      { value: text },
      { hint: 'Write CONTAINER, CONTAINER:ro or CONTAINER:rw' },
    )
  const record = resolveContainer(folders, container)
  return record.mounts.flatMap((mount) => {
    const spec = record.options.mounts.find(({ destination }) => destination === mount.destination)
    return sharedMount(mount, spec, access === 'ro')
  })
}

/** A tmpfs belongs to one container; everything else can be shown twice. */
function sharedMount(
  { type, name, source, destination, readWrite }: ResolvedMount,
  spec: MountSpec | undefined,
  isReadOnly: boolean,
): MountSpec[] {
  if (type !== 'bind' && type !== 'volume') return []
  return [
    {
      ...(spec ?? plainMount(type, destination)),
      source: type === 'volume' ? name : source,
      readOnly: isReadOnly || !readWrite,
      copy: false,
      chown: false,
    },
  ]
}
