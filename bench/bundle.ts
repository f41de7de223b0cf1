import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Config } from '../runtime/spec/config.ts'

type JsonObject = Record<string, unknown>

/**
 * A bundle for runc and crun: their own `spec`, with the capabilities, seccomp filter, masked paths
 * and namespaces of one of our containers, and a network namespace with nothing in it.
 *
 * @param spec text of the config.json that `runc spec` wrote
 */
export function writeBundle(
  folder: string,
  spec: string,
  own: Config,
  wish: {
    readonly rootfs: string
    readonly command: readonly string[]
    readonly isLimited: boolean
  },
): void {
  const base = JSON.parse(spec) as { process: JsonObject; linux: JsonObject } & JsonObject
  const { seccomp, maskedPaths, readonlyPaths, namespaces } = own.linux ?? {}
  const resources = base.linux['resources'] as JsonObject
  const limits = { memory: { limit: 64 * 1024 * 1024 }, cpu: { quota: 50_000, period: 100_000 } }
  const config = {
    ...base,
    root: { path: wish.rootfs, readonly: false },
    process: {
      ...base.process,
      terminal: false,
      args: wish.command,
      capabilities: own.process?.capabilities,
      noNewPrivileges: own.process?.noNewPrivileges,
    },
    linux: {
      ...base.linux,
      seccomp,
      maskedPaths,
      readonlyPaths,
      namespaces,
      resources: wish.isLimited ? { ...resources, ...limits } : resources,
    },
  }
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'config.json'), JSON.stringify(config, null, 1))
}

/** The configuration that our engine made for one of its containers. */
export function readOwnConfig(root: string, id: string): Config {
  const path = join(root, 'data/containers', id, 'config.json')
  return JSON.parse(readFileSync(path, 'utf8')) as Config
}
