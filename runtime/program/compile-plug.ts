import type { NetlinkExchange } from '../network/netlink-exchange.ts'
import type { CompileHost } from './compile-input.ts'
import { AT_FDCWD, CLONE, O } from './flags/values.ts'
import { changeInterfaces } from './network.ts'
import type { Program } from './program.ts'
import { endWithParent, holdUntilKilled, startSideProcess } from './side-process.ts'

/** What to do to a network namespace that is in use. */
export interface InterfaceChange {
  /** Path of the namespace. */
  readonly namespace: string
  /** From where this is run, with the pid of a process that is in the namespace. */
  readonly outside: readonly NetlinkExchange[]
  readonly inside: readonly NetlinkExchange[]
}

/**
 * Compile a process that changes the interfaces of a running container, tells its pid in a USER record, and waits to be
 * killed. It is in the container's network and in nothing else of it. Pure.
 */
export function compilePlug(host: CompileHost, change: InterfaceChange): Program {
  const c = startSideProcess(host, 'plug')
  const { b } = c
  endWithParent(c, 'half a change is finished or undone by whoever comes next')
  changeInterfaces(c, change, () => {
    const file = b.slot('namespace')
    b.call('openat', [AT_FDCWD, b.text(change.namespace), O.CLOEXEC, 0], {
      to: file,
      why: 'the network that is to be changed',
      source: 'setns(2)',
    })
    b.call('setns', [file, CLONE.NEWNET], {
      why: 'interfaces inside can be set up from inside alone',
      source: 'network_namespaces(7)',
    })
    b.call('getpid', [], {
      to: b.slot('pid'),
      why: 'names the namespace to the kernel',
      source: 'getpid(2)',
    })
  })
  holdUntilKilled(c, {
    ready: 'the interfaces are as they should be',
    source: 'rtnetlink(7)',
    wait: 'whoever asked for it ends this process',
    end: 'nobody is left who asked for it',
  })
  return b.build()
}
