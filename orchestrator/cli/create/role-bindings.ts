import type { JsonObject, KubeObject } from '../../api/object.ts'
import { CommandFailure } from '../resources/session.ts'
import { unset } from './generator.ts'
import type { Generator, GeneratorFlags } from './generator.ts'
import { splitLists } from './read-flags.ts'

interface Flags extends GeneratorFlags {
  readonly role?: string
  readonly clusterrole?: string
  readonly user?: string[]
  readonly group?: string[]
  readonly serviceaccount?: string[]
}

const apiGroup = 'rbac.authorization.k8s.io'

const subjectFlags = [
  ['--user <name...>', 'who may'],
  ['--group <name...>', 'all of a group'],
  ['--serviceaccount <namespace:name...>', 'what runs as it'],
] as const

function subjects({ user, group, serviceaccount }: Flags): JsonObject[] {
  const named = (kind: string, names: readonly string[]): JsonObject[] =>
    names.map((name) => ({ apiGroup, kind, name }))
  const accounts = splitLists(serviceaccount).map((text) => {
    const [namespace = '', name = '', ...more] = text.split(':')
    if (namespace === '' || name === '' || more.length > 0)
      throw new CommandFailure('serviceaccount must be <namespace>:<name>')
    return { kind: 'ServiceAccount', name, namespace }
  })
  return [...named('User', user ?? []), ...named('Group', group ?? []), ...accounts]
}

function binding(kind: string, name: string, role: JsonObject, flags: Flags): KubeObject {
  const who = subjects(flags)
  return {
    apiVersion: `${apiGroup}/v1`,
    kind,
    metadata: { ...unset, name },
    roleRef: { apiGroup, ...role },
    ...(who.length > 0 ? { subjects: who } : {}),
  }
}

/** `myorch create rolebinding NAME --role=ROLE --user=WHO`. */
export const roleBinding: Generator<Flags> = {
  name: 'rolebinding',
  failure: 'rolebinding:',
  description: 'Who may do what a role says, in a namespace',
  flags: [
    ['--role <name>', 'of the namespace'],
    ['--clusterrole <name>', 'or of the cluster'],
    ...subjectFlags,
  ],
  build: ({ name, flags }) => {
    const { role, clusterrole } = flags
    if ((role === undefined) === (clusterrole === undefined))
      throw new CommandFailure('exactly one of clusterrole or role must be specified')
    const named =
      role === undefined
        ? { kind: 'ClusterRole', name: clusterrole! }
        : { kind: 'Role', name: role }
    return binding('RoleBinding', name, named, flags)
  },
}

/** `myorch create clusterrolebinding NAME --clusterrole=ROLE --user=WHO`. */
export const clusterRoleBinding: Generator<Flags> = {
  name: 'clusterrolebinding',
  required: ['clusterrole'],
  failure: 'clusterrolebinding:',
  description: 'Who may do what a role says, everywhere',
  flags: [['--clusterrole <name>', 'which'], ...subjectFlags],
  build: ({ name, flags }) => {
    const role = { kind: 'ClusterRole', name: flags.clusterrole ?? '' }
    return binding('ClusterRoleBinding', name, role, flags)
  },
}
