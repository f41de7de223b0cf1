import type { AheadPlan } from '../network/plan-ahead.ts'
import type { CompileHost } from './compile-input.ts'
import { CLONE } from './flags/values.ts'
import { configureInside, makeNetworkAhead } from './network.ts'
import type { Program } from './program.ts'
import { endWithParent, holdUntilKilled, startSideProcess } from './side-process.ts'

/**
 * Compile a process that makes a network namespace with an interface on a bridge, tells its pid in a USER record, and
 * keeps both until it is killed, by when somebody holds the namespace, or nobody is at the other end of the stream any more. Pure.
 *
 * @param plan makes the pair, as a container's outer half would send it
 */
export function compileSpareNetwork(host: CompileHost, plan: AheadPlan): Program {
  const c = startSideProcess(host, 'spare')
  const { b } = c
  endWithParent(c, 'what is ready for the next container goes with whoever made it ready')
  makeNetworkAhead(c, plan.outside, () => {
    b.call('unshare', [CLONE.NEWNET], {
      why: 'the network namespace of a container that is yet to come',
      source: 'network_namespaces(7)',
    })
    b.call('getpid', [], {
      to: b.slot('pid'),
      why: 'names the namespace to the kernel and to whoever will join it',
      source: 'getpid(2)',
    })
  })
  configureInside(c, plan)
  holdUntilKilled(c, {
    ready: 'ready to be joined',
    source: 'setns(2)',
    wait: 'a namespace lives as long as a process is in it',
    end: 'nobody is left who could use it',
  })
  return b.build()
}
