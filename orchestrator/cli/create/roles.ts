import type { JsonObject, KubeObject } from '../../api/object.ts'
import { findResource } from '../resources/discover.ts'
import type { ApiResource } from '../resources/discover.ts'
import { CommandFailure } from '../resources/session.ts'
import { unset } from './generator.ts'
import type { Generator, GeneratorFlags, Making } from './generator.ts'
import { readPairs, splitLists } from './read-flags.ts'

interface Flags extends GeneratorFlags {
  readonly verb?: string[]
  readonly resource?: string[]
  readonly resourceName?: string[]
  readonly nonResourceUrl?: string[]
  readonly aggregationRule?: string
}

const ruleFlags = [
  ['--verb <verb...>', 'what may be done, like get,list'],
  ['--resource <resource...>', 'with what, like pods,deployments.apps/scale'],
  ['--resource-name <name...>', 'only with those of these names'],
] as const

/** `myorch create role NAME --verb=get --resource=pods`. */
export const role: Generator<Flags> = {
  name: 'role',
  description: 'What may be done in a namespace',
  flags: ruleFlags,
  build: async (making) => ({
    ...head('Role', making.name),
    rules: await resourceRules(making, readVerbs(making.flags)),
  }),
}

/** `myorch create clusterrole NAME --verb=get --resource=nodes`. */
export const clusterRole: Generator<Flags> = {
  name: 'clusterrole',
  description: 'What may be done in the cluster',
  flags: [
    ...ruleFlags,
    ['--non-resource-url <path...>', 'and these paths'],
    ['--aggregation-rule <labels>', 'what roles with these labels allow'],
  ],
  build: async (making) => {
    const { aggregationRule, nonResourceUrl } = making.flags
    const object = head('ClusterRole', making.name)
    if (aggregationRule !== undefined) {
      const matchLabels = readPairs(aggregationRule, 'invalid aggregation rule')
      return {
        ...object,
        aggregationRule: { clusterRoleSelectors: [{ matchLabels }] },
        rules: null,
      }
    }
    const verbs = readVerbs(making.flags)
    const urls = splitLists(nonResourceUrl)
    const wantsResources = making.flags.resource !== undefined || urls.length === 0
    return {
      ...object,
      rules: [
        ...(wantsResources ? await resourceRules(making, verbs) : []),
        ...(urls.length > 0 ? [{ nonResourceURLs: urls, verbs }] : []),
      ],
    }
  },
}

function head(kind: string, name: string): KubeObject {
  return { apiVersion: 'rbac.authorization.k8s.io/v1', kind, metadata: { ...unset, name } }
}

function readVerbs({ verb }: Flags): string[] {
  const verbs = [...new Set(splitLists(verb))]
  if (verbs.length === 0) throw new CommandFailure('at least one verb must be specified')
  return verbs.includes('*') ? ['*'] : verbs
}

/** A rule for each group. */
async function resourceRules(
  { flags, session }: Making<Flags>,
  verbs: string[],
): Promise<JsonObject[]> {
  const names = splitLists(flags.resourceName)
  const words = [...new Set(splitLists(flags.resource))]
  if (words.length === 0) throw new CommandFailure('at least one resource must be specified')
  const known = await session.resources()
  const groups = new Map<string, string[]>()
  for (const word of words) {
    const { group, resource } = locate(known, word)
    groups.set(group, [...(groups.get(group) ?? []), resource])
  }
  return [...groups]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([group, resources]) => ({
      apiGroups: [group],
      resources,
      verbs,
      ...(names.length > 0 ? { resourceNames: names } : {}),
    }))
}

function locate(known: readonly ApiResource[], word: string): { group: string; resource: string } {
  if (word === '*') return { group: '*', resource: '*' }
  const [type = '', subresource] = word.split('/')
  const { group, plural } = findResource(known, type)
  return { group, resource: subresource === undefined ? plural : `${plural}/${subresource}` }
}
