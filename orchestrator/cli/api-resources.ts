import type { Command } from 'commander'
import type { ClientFlags } from './client-flags.ts'
import type { ApiResource } from './resources/discover.ts'
import { addSessionAction } from './resources/session.ts'

interface Flags extends ClientFlags {
  readonly apiGroup?: string
  readonly headers: boolean
  readonly output?: string
}

/** `myorch api-resources`. */
export function addApiResources(program: Command): void {
  const command = program
    .command('api-resources')
    .description('The kinds of objects that the cluster has')
    .option('--api-group <group>', 'only those of one group')
    .option('--no-headers', 'without the line of names of columns')
    .option('-o, --output <format>', 'wide, name')
  addSessionAction<Flags>(command, async (session, _words, flags) => {
    const { fullName } = await import('./resources/discover.ts')
    const { makeTextTable } = await import('./resources/text-table.ts')
    const all = await session.resources()
    const resources = all
      .filter((each) => isPreferred(each, all))
      .filter(({ group }) => flags.apiGroup === undefined || group === flags.apiGroup)
      .toSorted((a, b) => (sortKey(a) < sortKey(b) ? -1 : 1))
    if (flags.output === 'name')
      return void process.stdout.write(resources.map((each) => `${fullName(each)}\n`).join(''))
    const isWide = flags.output === 'wide'
    const titles = ['NAME', 'SHORTNAMES', 'APIVERSION', 'NAMESPACED', 'KIND']
    const head = [...titles, ...(isWide ? ['VERBS', 'CATEGORIES'] : [])]
    const rows = resources.map((each) => row(each, isWide))
    process.stdout.write(makeTextTable().format(flags.headers ? [head, ...rows] : rows))
  })
}

/** The server tells of the version that it likes best before the others. */
function isPreferred(resource: ApiResource, all: readonly ApiResource[]): boolean {
  const { group, plural } = resource
  return all.find((each) => each.group === group && each.plural === plural) === resource
}

function sortKey({ group, plural }: ApiResource): string {
  return `${group} ${plural}`
}

function row(resource: ApiResource, isWide: boolean): string[] {
  const { group, version, plural, shortNames, namespaced, kind, verbs, categories } = resource
  const apiVersion = group === '' ? version : `${group}/${version}`
  const cells = [plural, shortNames.join(','), apiVersion, String(namespaced), kind]
  return isWide ? [...cells, verbs.join(','), categories.join(',')] : cells
}
