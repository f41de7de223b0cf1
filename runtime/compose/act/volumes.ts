import { OperationError } from '../../../native/error.ts'
import { volumeOptionsOf } from '../../container/parse/volume-driver.ts'
import { label, projectLabels } from '../plan/labels.ts'
import type { Session } from './session.ts'

/** Make the volumes that are not there; those of others must be. @throws {OperationError} `NOT_FOUND` */
export async function ensureVolumes(session: Session, keys: Iterable<string>): Promise<void> {
  const { engine, project, say, warn, isDryRun } = session
  const wanted = [...new Set(keys)].flatMap((key) => {
    const volume = project.volumes[key]
    return volume ? [{ key, volume }] : []
  })
  if (wanted.length === 0) return
  const there = new Map((await engine.volumeList()).map((one) => [one.name, one]))
  for (const { key, volume } of wanted) {
    const { name, external, driver, driverOptions, labels } = volume
    const found = there.get(name)
    if (found && !external && found.labels[label.project] !== project.name)
      warn(
        `volume ${JSON.stringify(name)} already exists but was not created by Compose. Use external: true to use an existing volume`,
      )
    if (found) continue
    if (external)
      throw new OperationError(
        'NOT_FOUND',
        `external volume ${JSON.stringify(name)} not found`,
        {},
        { exitCode: 1, hint: `Make it: "mycontainer volume create ${name}"` },
      )
    const options = optionsOf(key, driver, driverOptions)
    say(`Volume ${name}`, 'Creating')
    if (!isDryRun)
      await engine.volumeCreate(name, {
        labels: { ...labels, ...projectLabels(project), [label.volume]: key },
        options,
      })
    say(`Volume ${name}`, 'Created')
  }
}

/** @throws {OperationError} `UNSUPPORTED` for a driver other than local and tmpfs */
function optionsOf(
  key: string,
  driver: string | undefined,
  options: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  try {
    return volumeOptionsOf(driver ?? '', options)
  } catch (cause) {
    throw new OperationError(
      'UNSUPPORTED',
      `volumes.${key}: no volume driver ${driver ?? ''}`,
      {},
      { cause, exitCode: 1, hint: 'There are local, which mounts what mount(8) can, and tmpfs' },
    )
  }
}

/** Those that were made for the project. */
export async function removeVolumes({ engine, project, say, isDryRun }: Session): Promise<void> {
  const ours = (await engine.volumeList()).filter(
    ({ labels }) => labels[label.project] === project.name,
  )
  for (const { name } of ours) {
    say(`Volume ${name}`, 'Removing')
    if (!isDryRun) await engine.volumeRemove(name, { force: true })
    say(`Volume ${name}`, 'Removed')
  }
}
