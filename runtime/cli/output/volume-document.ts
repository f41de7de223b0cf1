import type { VolumeSummary } from '../content-verbs.ts'

/** What `volume inspect` shows, in docker's shape. */
export function volumeDocument(volume: VolumeSummary): Record<string, unknown> {
  return {
    CreatedAt: volume.created,
    Driver: volume.driver,
    Labels: volume.labels,
    Mountpoint: volume.mountpoint,
    Name: volume.name,
    Options: volume.options,
    Scope: 'local',
    Anonymous: volume.anonymous,
  }
}
