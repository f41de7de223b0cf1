import { type Stats, realpathSync, statSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { distFolder } from '../../native/paths.ts'
import { readGlobalFlags } from '../cli/global-flags.ts'
import type { EngineContext } from '../container/engine-context.ts'
import { engineFolders, hostUser } from '../container/folders.ts'
import type { EngineRequest } from './frames.ts'

/**
 * Commands that stay a process of their own: they serve, run a child with our stdio, look at the
 * caller's own process, or write and wait for as long as they like, which a warm engine does not
 * make faster. Output of the others is short, so none of it has to wait for a slow reader here.
 */
const declined = new Set([
  'serve',
  'limit',
  'internal',
  'logs',
  'events',
  'stats',
  'wait',
  'cp',
  'doctor',
  'ns',
])

/** Flags with which a program inherits from its caller, or that print as the work goes on. */
const declinedFlag = /^--?(preserve-fds|explain|dry-run|timings)(=|$)/

/** Identity of the bundle that this process was started from. */
export interface Installation {
  /** Whether a client's package is this one, unchanged since the engine was started. */
  isSame(packageFolder: string): boolean
}

/** @throws nothing: without a bundle (run from sources) every client is from elsewhere */
export function thisInstallation(folder = distFolder): Installation {
  const started = fingerprint(folder)
  return {
    isSame(packageFolder) {
      const theirs = fingerprint(join(packageFolder, 'dist'))
      return started !== undefined && theirs === started
    },
  }
}

function fingerprint(folder: string): string | undefined {
  try {
    const real = realpathSync(folder)
    const files = ['mycontainer.bundle.cjs', 'mycontainer-shim']
    return files.map((name) => identityOf(statSync(join(real, name)))).join()
  } catch {
    return undefined // Being replaced just now: the client finds out for itself.
  }
}

const identityOf = ({ dev, ino, size, mtimeMs }: Stats): string =>
  `${dev}:${ino}:${size}:${mtimeMs}`

/** Whether a command is for this engine's state, of its version, and one an engine can run. */
export function acceptsRequest(
  { folders, env: own }: EngineContext,
  installation: Installation,
  { program, packageFolder, argv, env, cwd }: EngineRequest,
): boolean {
  if (program !== 'mycontainer' || !installation.isSame(packageFolder)) return false
  if (argv.some((word) => declinedFlag.test(word))) return false
  try {
    const { root, rest } = readGlobalFlags(argv, { env, cwd })
    const theirs = engineFolders(root, env, hostUser(own), cwd)
    return (
      !declined.has(rest[0] ?? '') &&
      resolve(theirs.runDir) === resolve(folders.runDir) &&
      resolve(theirs.dataDir) === resolve(folders.dataDir)
    )
  } catch {
    return false // Wrong flags: let the command itself say so.
  }
}
