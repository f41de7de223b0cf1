import type { NetlinkExchange } from '../network/netlink-exchange.ts'
import type { CompileHost } from './compile-input.ts'
import { startCompilation } from './compilation.ts'
import { CLONE, PR } from './flags/values.ts'
import { RECORD } from './format.ts'
import { makeNetworkAhead } from './network.ts'
import type { Program } from './program.ts'

/** Descriptor of the zygote’s stream in its children, see native/shim/zygote.c. */
const stream = 3

/**
 * Compile a process that makes a network namespace with an interface on a bridge, tells its pid in a USER record, and
 * keeps both until it is killed, by when somebody holds the namespace, or nobody is at the other end of the stream any more. Pure.
 *
 * @param veth makes the pair, as a container's outer half would send it
 */
export function compileSpareNetwork(host: CompileHost, veth: NetlinkExchange): Program {
  const c = startCompilation(
    {
      id: 'spare',
      host,
      stdio: { kind: 'null' },
      stateDir: '',
      log: undefined,
      monitor: { hold: false, keepStdin: false, stdinOnce: false },
    },
    { ociVersion: '1.3.0', root: { path: '/' } },
  )
  const { b } = c
  b.call('prctl', [PR.SET_PDEATHSIG, 9, 0, 0, 0], {
    why: 'what is ready for the next container goes with whoever made it ready',
    source: 'PR_SET_PDEATHSIG(2const)',
  })
  makeNetworkAhead(c, veth, () => {
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
  b.operation('RECORD', [RECORD.USER, b.slot('pid')], {
    why: 'ready to be joined',
    source: 'setns(2)',
  })
  // No event is asked for: only the end of the stream, which is told in any case, or a signal ends it.
  const poll = b.data.words([stream])
  b.call('ppoll', [poll, 1, 0, 0, 0], {
    why: 'a namespace lives as long as a process is in it',
    source: 'poll(2)',
  })
  b.operation('END', [], { why: 'nobody is left who could use it', source: 'poll(2)' })
  return b.build()
}
