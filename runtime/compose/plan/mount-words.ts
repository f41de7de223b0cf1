import type { Project } from '../model/project.ts'
import type { FileReference, Service, ServiceVolume } from '../model/service.ts'

/** Host paths of what secrets and configs of a service hold, by `KIND NAME`. */
export type ContentPaths = ReadonlyMap<string, string>

export const contentKey = (
  kind: 'secrets' | 'configs',
  { source, uid, gid, mode }: FileReference,
) => [kind, source, uid ?? '', gid ?? '', mode ?? ''].join(' ')

/** The flags for all that is mounted. @param kept volumes without names that a container before had, by target */
export function mountWords(
  project: Project,
  service: Service,
  {
    contents,
    kept,
  }: { readonly contents: ContentPaths; readonly kept: ReadonlyMap<string, string> },
): string[] {
  const { volumes = [], tmpfs = [], secrets = [], configs = [] } = service
  const content = (kind: 'secrets' | 'configs', folder: string) => (one: FileReference) => {
    const { source, target = source } = one
    return mount([
      'type=bind',
      `source=${contents.get(contentKey(kind, one)) ?? ''}`,
      `target=${target.startsWith('/') ? target : `${folder}${target}`}`,
      'readonly',
    ])
  }
  return [
    ...volumes.flatMap((volume) => mount(volumeFields(project, volume, kept))),
    ...tmpfs.flatMap((one) => ['--tmpfs', one]),
    ...secrets.flatMap(content('secrets', '/run/secrets/')),
    ...configs.flatMap(content('configs', '/')),
  ]
}

function mount(fields: readonly string[]): string[] {
  const quoted = fields.map((field) =>
    /[",]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field,
  )
  return ['--mount', quoted.join(',')]
}

function volumeFields(
  project: Project,
  volume: ServiceVolume,
  kept: ReadonlyMap<string, string>,
): string[] {
  const { type, target } = volume
  const source = type === 'volume' ? volumeName(project, volume, kept) : volume.source
  const fields: (string | false | undefined)[] = [
    `type=${type}`,
    source !== undefined && `source=${source}`,
    `target=${target}`,
    volume.readOnly === true && 'readonly',
    volume.propagation !== undefined && `bind-propagation=${volume.propagation}`,
    volume.createHostPath === true && 'bind-create-src=true',
    volume.selinux === 'z' && 'relabel=shared',
    volume.selinux === 'Z' && 'relabel=private',
    volume.nocopy === true && 'volume-nocopy=true',
    volume.subpath !== undefined && `${type}-subpath=${volume.subpath}`,
    volume.tmpfsSize !== undefined && `tmpfs-size=${volume.tmpfsSize}`,
    volume.tmpfsMode !== undefined && `tmpfs-mode=${volume.tmpfsMode}`,
  ]
  return fields.filter((field) => typeof field === 'string')
}

function volumeName(
  { volumes }: Project,
  { source, target }: ServiceVolume,
  kept: ReadonlyMap<string, string>,
): string | undefined {
  if (source === undefined) return kept.get(target)
  return volumes[source]?.name ?? source
}
