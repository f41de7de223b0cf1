import { readFileSync } from 'node:fs'
import { absolutePath } from '../absolute-path.ts'
import { OperationError } from '../../../native/error.ts'
import type { Invocation } from '../command.ts'
import { flag } from '../flag-spec.ts'
import type { FlagSpec } from '../flag-spec.ts'

/** Flags by which podman's users name containers without naming them. */
export function selectionFlags(): FlagSpec[] {
  return [
    flag('bool', 'all,a', 'Act on all containers'),
    flag('list', 'cidfile', 'Act on the container whose id is in the file', { value: 'file' }),
    flag('bool', 'latest', 'Act on the latest created container'),
    flag('list', 'filter', 'Act on the containers that match'),
  ]
}

/**
 * The containers that the arguments or the selection flags name.
 * @throws {OperationError} INVALID_ARGUMENT when there is neither, or both
 */
export async function selectedContainers(
  invocation: Invocation,
  isWanted: (status: string) => boolean,
): Promise<readonly string[]> {
  const { flags, path, io } = invocation
  const files = flags.list('cidfile').map((file) => readId(absolutePath(io.cwd, file)))
  const args = [...invocation.args, ...files]
  const isSelected = flags.bool('all') || flags.bool('latest') || flags.has('filter')
  if (isSelected === args.length > 0)
    throw new OperationError(
      'INVALID_ARGUMENT',
      `${path} requires at least 1 argument`,
      {},
      {
        hint: isSelected
          ? 'Name containers or use --all, --latest, --filter, not both'
          : `See '${path} --help'`,
      },
    )
  if (!isSelected) return args
  const { containerFilterNames, filterContainers, parseFilters } =
    await import('../output/filter-containers.ts')
  const filters = parseFilters(flags.list('filter'), containerFilterNames)
  const all = await (await invocation.engine()).list({ all: true, size: false })
  const found = filterContainers(flags.bool('latest') ? all.slice(0, 1) : all, filters)
  return found.filter(({ state }) => isWanted(state.status)).map(({ record }) => record.id)
}

/** As `--cidfile` of `run` wrote it. */
function readId(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim()
  } catch (cause) {
    throw new OperationError('NOT_FOUND', 'read the container id file', { path }, { cause })
  }
}
