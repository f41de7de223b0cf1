import { mergeEnvironment } from '../container/parse/environment.ts'
import type { Config, Device, Hook, Hooks } from '../spec/config.ts'
import type { CdiEdits } from './cdi-spec.ts'

export type DeviceFacts = Pick<Device, 'type' | 'major' | 'minor' | 'fileMode' | 'uid' | 'gid'>

/**
 * A configuration with what devices want of it.
 *
 * @param deviceAt what the host has at a path
 */
export function applyEdits(
  config: Config,
  all: readonly CdiEdits[],
  deviceAt: (path: string) => DeviceFacts,
): Config {
  const nodes = all
    .flatMap(({ deviceNodes = [] }) => deviceNodes)
    .map((node) => placedNode(node, deviceAt))
  const mounts = all
    .flatMap((edits) => edits.mounts ?? [])
    .map(({ hostPath, containerPath, type = 'bind', options = ['ro', 'rbind', 'nosuid'] }) => ({
      destination: containerPath,
      source: hostPath,
      type,
      options,
    }))
  const { process, linux } = config
  return {
    ...config,
    mounts: [...(config.mounts ?? []), ...mounts],
    ...(process ? { process: withProcessEdits(process, all) } : {}),
    hooks: withHooks(config.hooks, all),
    linux: {
      ...linux,
      devices: [...(linux?.devices ?? []), ...nodes.map(({ device }) => device)],
      resources: {
        ...linux?.resources,
        devices: [...(linux?.resources?.devices ?? []), ...nodes.map(({ rule }) => rule)],
      },
    },
  }
}

function withProcessEdits(
  process: NonNullable<Config['process']>,
  all: readonly CdiEdits[],
): NonNullable<Config['process']> {
  const env = all.flatMap((edits) => edits.env ?? [])
  const gids = all.flatMap(({ additionalGids = [] }) => additionalGids).filter((gid) => gid !== 0)
  const { additionalGids = [] } = process.user
  return {
    ...process,
    env: mergeEnvironment(process.env ?? [], env),
    user: { ...process.user, additionalGids: [...new Set([...additionalGids, ...gids])] },
  }
}

type Node = NonNullable<CdiEdits['deviceNodes']>[number]
type Rule = NonNullable<NonNullable<NonNullable<Config['linux']>['resources']>['devices']>[number]

function placedNode(
  node: Node,
  deviceAt: (path: string) => DeviceFacts,
): { readonly device: Device; readonly rule: Rule } {
  const { path, hostPath = path, major, minor, permissions = 'rwm' } = node
  const isNamed = major !== undefined && minor !== undefined && node.type !== undefined
  const host = isNamed ? undefined : deviceAt(hostPath)
  const type = (node.type ?? host?.type) === 'b' ? 'b' : 'c'
  const numbers = { major: major ?? host?.major, minor: minor ?? host?.minor }
  const [fileMode, uid, gid] = [
    node.fileMode ?? host?.fileMode,
    node.uid ?? host?.uid,
    node.gid ?? host?.gid,
  ]
  return {
    device: {
      path,
      type,
      ...numbers,
      ...(fileMode === undefined ? {} : { fileMode }),
      ...(uid === undefined ? {} : { uid }),
      ...(gid === undefined ? {} : { gid }),
    },
    rule: { allow: true, type, ...numbers, access: permissions },
  }
}

function withHooks(before: Hooks | undefined, all: readonly CdiEdits[]): Hooks {
  const hooks: Record<string, Hook[]> = {}
  for (const [name, list] of Object.entries(before ?? {})) hooks[name] = [...(list ?? [])]
  for (const { hookName, ...hook } of all.flatMap((edits) => edits.hooks ?? []))
    (hooks[hookName] ??= []).push(hook)
  return hooks
}
