import { appendFileSync } from 'node:fs'
import { join } from 'node:path'
import { lockSync } from '../../native/lock.ts'
import type { EngineContext } from './engine-context.ts'
import { readStartTicks } from './process-identity.ts'

// All commands of an ordinary user enter the same namespaces, through a process that is inside:
// see native/shim/shared-namespaces.h, which is the reader of this file.

/** Let later commands enter the user's namespaces through a container's monitor. */
export function keepNamespaces({ folders, env }: EngineContext, monitorPid: number): void {
  if (env['MYCONTAINER_USERNS'] === undefined) return
  const ticks = readStartTicks(monitorPid)
  if (ticks === undefined) return
  const path = join(folders.runDir, 'userns')
  using _held = lockSync(path)
  const network = ownsNetworkNamespace(env) ? ' net' : ''
  appendFileSync(path, `${monitorPid} ${ticks}${network}\n`, { mode: 0o600 })
}

/** Whether this process is where the bridges of an ordinary user are. */
export function ownsNetworkNamespace(env: EngineContext['env']): boolean {
  return env['MYCONTAINER_NETNS'] === 'shared'
}
