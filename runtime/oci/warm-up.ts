import { readHostFacts } from '../inspect-host/host-facts.ts'
import { encodeProgram } from '../program/encode.ts'
import type { Config } from '../spec/config.ts'
import type { Caller } from './caller.ts'
import { grantableProcess } from './grantable-capabilities.ts'

/** Go the way of an exec, for the code cache: what no command has used by then is compiled at every start. */
export async function warmUpExec(caller: Caller, config: Config): Promise<void> {
  const { compileExecution } = await import('./exec-in-container.ts')
  await import('./cli/exec.ts')
  const facts = readHostFacts()
  if (!config.process) return
  const process = grantableProcess(config.process, config, facts, () => undefined)
  const wish = { id: 'warm-up', console: () => undefined, preserveFds: 0 }
  const cgroup = { path: '/warm-up', v2: '/warm-up', v1: { pids: '/warm-up' } }
  const sources = { facts, config, process, pid: 1, stateDir: '/', cgroup, open: 0 }
  encodeProgram(compileExecution(caller, wish, sources))
}
