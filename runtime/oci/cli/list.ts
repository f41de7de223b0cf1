import { readdirSync } from 'node:fs'
import { hasCode } from '../../../native/error.ts'
import { flag } from '../../cli/flag-spec.ts'
import { type OciContainer, readContainer } from '../oci-record.ts'
import { isContainerId } from '../state-folder.ts'
import { formatTable } from '../../cli/output/table.ts'
import { tableOrJson } from './output-format.ts'
import type { OciCommand } from './oci-command.ts'

/** `list` */
export const listCommand: OciCommand = {
  usage: '[--format table|json] [--quiet]',
  summary: 'List the containers below --root',
  flags: [
    flag('string', 'format,f', 'table or json', { default: 'table' }),
    flag('bool', 'quiet,q', 'Ids only'),
  ],
  minimumArguments: 0,
  maximumArguments: 0,
  async run({ flags, globals, print }) {
    const format = tableOrJson(flags)
    const containers = readAll(globals.root)
    if (flags.bool('quiet')) print(containers.map(({ record }) => `${record.id}\n`).join(''))
    else if (format === 'json') print(`${JSON.stringify(containers.map(document))}\n`)
    else
      print(
        formatTable([
          ['ID', 'PID', 'STATUS', 'BUNDLE', 'CREATED', 'OWNER'],
          ...containers.map(row),
        ]),
      )
    return 0
  },
}

function readAll(root: string): OciContainer[] {
  return namesIn(root)
    .filter(isContainerId)
    .toSorted()
    .flatMap((id) => {
      try {
        return [readContainer(root, id)]
      } catch (error) {
        // Being made, being deleted, or something else.
        if (hasCode(error, 'NOT_FOUND') || hasCode(error, 'BAD_STATE')) return []
        throw error
      }
    })
}

function namesIn(root: string): string[] {
  try {
    return readdirSync(root)
  } catch {
    return [] // No container was ever made there.
  }
}

function document({ record, status, pid }: OciContainer): Readonly<Record<string, unknown>> {
  const { ociVersion, id, bundle, rootfs, created, annotations, owner } = record
  return { ociVersion, id, pid, status, bundle, rootfs, created, annotations, owner }
}

function row({ record, status, pid }: OciContainer): string[] {
  return [record.id, String(pid), status, record.bundle, record.created, record.owner]
}
