import { planLoopback } from '../network/attachment.ts'
import type { NetworkAttachment } from '../network/netlink-exchange.ts'
import type { CompileHost } from './compile-input.ts'
import type { Compilation } from './compilation.ts'
import { AT_FDCWD, CLONE, MS, O } from './flags/values.ts'
import { RECORD } from './format.ts'
import { configureInside, makeNetworkAhead } from './network.ts'
import type { Program } from './program.ts'
import { startSideProcess } from './side-process.ts'

export type SandboxNamespace = 'net' | 'ipc' | 'uts'

export interface SandboxWish {
  /** The namespaces to make, each with the file that is to hold it; the files are there, and empty. */
  readonly holders: ReadonlyMap<SandboxNamespace, string>
  readonly hostname: string
  /** The network namespace's interface. Absent: only loopback. */
  readonly attachment?: NetworkAttachment | undefined
  /** Of the new namespaces: path below /proc/sys → value. */
  readonly sysctls: ReadonlyMap<string, string>
}

const flagOf = { net: CLONE.NEWNET, ipc: CLONE.NEWIPC, uts: CLONE.NEWUTS } as const

/**
 * Compile a process that makes namespaces for several containers to share, sets them up, and ends: files that they are
 * bound to keep them, so that no process has to stay for it. Says 1 in a USER record when all is done. Pure.
 *
 * Source: namespaces(7), "a bind mount of one of the files keeps the namespace alive".
 */
export function compileSandbox(host: CompileHost, wish: SandboxWish): Program {
  const c = startSideProcess(host, 'sandbox')
  const { b } = c
  const { holders, attachment } = wish
  const flags = [...holders.keys()].reduce((sum, name) => sum | flagOf[name], 0)
  const enter = (): void => {
    b.call('unshare', [flags], {
      why: `namespaces that the containers of a pod share: ${[...holders.keys()].join(', ')}`,
      source: 'namespaces(7)',
    })
    b.call('getpid', [], {
      to: b.slot('pid'),
      why: 'names the new network namespace to the kernel',
      source: 'getpid(2)',
    })
  }
  const [veth, ...others] = attachment?.host ?? []
  if (veth) makeNetworkAhead(c, veth, enter)
  else enter()
  if (others.length > 0) throw new Error('a sandbox publishes no ports of its own')
  if (holders.has('uts')) setHostname(c, wish.hostname)
  if (holders.has('net')) configureInside(c, attachment ?? planLoopback())
  for (const [path, value] of wish.sysctls) writeSysctl(c, path, value)
  for (const [name, path] of holders)
    b.call('mount', [b.text(`/proc/self/ns/${name}`), b.text(path), 0, MS.BIND, 0], {
      why: `the ${name} namespace stays when this process ends`,
      source: 'namespaces(7)',
    })
  b.operation('RECORD', [RECORD.USER, 1], { why: 'ready to be joined', source: 'setns(2)' })
  b.operation('END', [], { why: 'mounts hold what it made', source: 'namespaces(7)' })
  return b.build()
}

function setHostname({ b }: Compilation, hostname: string): void {
  b.call('sethostname', [b.text(hostname), Buffer.byteLength(hostname)], {
    why: 'the name of the pod is its host name',
    source: 'sethostname(2)',
  })
}

function writeSysctl({ b }: Compilation, path: string, value: string): void {
  const file = b.slot('sysctl')
  b.call('openat', [AT_FDCWD, b.text(`/proc/sys/${path}`), O.WRONLY | O.CLOEXEC, 0], {
    to: file,
    why: `set ${path} of the pod's namespaces`,
    source: 'proc(5)',
  })
  b.call('write', [file, b.text(value), Buffer.byteLength(value)], {
    why: `set ${path} of the pod's namespaces`,
    source: 'proc(5)',
  })
  b.call('close', [file], { why: 'written', source: 'close(2)' })
}
