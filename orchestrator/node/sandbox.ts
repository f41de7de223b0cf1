import {
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { OperationError } from '../../native/error.ts'
import { unmountLazily } from '../../native/mount-tree.ts'
import type { EngineContext } from '../../runtime/container/engine-context.ts'
import { compileSandbox } from '../../runtime/program/compile-sandbox.ts'
import type { SandboxNamespace } from '../../runtime/program/compile-sandbox.ts'
import { encodeProgram } from '../../runtime/program/encode.ts'
import { explainFailure } from '../../runtime/program/failure.ts'
import type { Program } from '../../runtime/program/program.ts'
import type { KubeObject } from '../api/object.ts'
import { listAt, textAt, valueAt } from '../api/object.ts'
import type { PodNetwork } from '../network/pod-network.ts'

// A pod's sandbox is three namespaces that files hold, and an address: nothing runs for it.

export interface Sandbox {
  /** Empty for a pod in the node's own network. */
  readonly address: string
  /** The node's end of its interface; empty where it has none. */
  readonly hostInterface: string
  /** Files of the namespaces that the containers join; what is absent they have from the node. */
  readonly namespaces: ReadonlyMap<SandboxNamespace, string>
  /** The PID namespace that all containers join, where they share one. */
  readonly processes?: string | undefined
}

export interface SandboxTools {
  readonly context: Pick<EngineContext, 'zygote' | 'facts'>
  readonly network: PodNetwork
}

const recordName = 'sandbox.json'

/** The sandbox that an agent before us made, if all of it is still there. */
export function findSandbox(folder: string, pod: KubeObject): Sandbox | undefined {
  const path = join(folder, recordName)
  if (!existsSync(path)) return undefined
  const known = readSandbox(path) ?? knownToApi(pod)
  if (!known) return undefined
  const namespaces = holdersOf(folder, pod)
  return [...namespaces.values()].every(isHeld) ? { ...known, namespaces } : undefined
}

type SandboxRecord = Pick<Sandbox, 'address' | 'hostInterface'>

/** @returns undefined where the file is damaged */
function readSandbox(path: string): SandboxRecord | undefined {
  try {
    const known = JSON.parse(readFileSync(path, 'utf8')) as Partial<SandboxRecord> | null
    const { address, hostInterface } = known ?? {}
    return typeof address === 'string' && typeof hostInterface === 'string'
      ? { address, hostInterface }
      : undefined
  } catch {
    return undefined
  }
}

/** The address as it was told: containers that run in the namespaces need not be disturbed. */
function knownToApi(pod: KubeObject): SandboxRecord | undefined {
  if (isHostNetwork(pod)) return { address: '', hostInterface: '' }
  const address = textAt(pod, ['status', 'podIP'])
  return address === undefined ? undefined : { address, hostInterface: '' }
}

/**
 * Make the namespaces of a pod, with its interface in them.
 *
 * @param folder the pod's own
 * @throws {OperationError} with the step that failed; nothing is left then
 */
export async function makeSandbox(
  { context, network }: SandboxTools,
  folder: string,
  pod: KubeObject,
): Promise<Sandbox> {
  removeSandbox(folder)
  const namespaces = holdersOf(folder, pod)
  mkdirSync(join(folder, 'ns'), { recursive: true, mode: 0o700 })
  for (const path of namespaces.values()) writeFileSync(path, '')
  const plan = namespaces.has('net') ? network.plan(pod.metadata.uid ?? '') : undefined
  const program = compileSandbox(context.facts, {
    holders: namespaces,
    hostname: podHostname(pod),
    attachment: plan?.attachment,
    sysctls: sysctlsOf(pod),
  })
  try {
    await runProgram(context, program)
  } catch (error) {
    removeSandbox(folder)
    network.release(pod.metadata.uid ?? '')
    throw error
  }
  const { address = '', hostInterface = '' } = plan ?? {}
  writeFileSync(join(folder, `${recordName}.tmp`), JSON.stringify({ address, hostInterface }))
  renameSync(join(folder, `${recordName}.tmp`), join(folder, recordName))
  return { address, hostInterface, namespaces }
}

/** Let go of the namespaces, and with them of the interface. Fine where there are none. */
export function removeSandbox(folder: string): void {
  rmSync(join(folder, recordName), { force: true })
  for (const name of ['net', 'ipc', 'uts']) {
    const path = join(folder, 'ns', name)
    // More than one mount may lie on it, where two agents raced.
    while (isHeld(path) && unmountLazily(path) === 0) continue
  }
  rmSync(join(folder, 'ns'), { recursive: true, force: true })
}

async function runProgram(context: SandboxTools['context'], program: Program): Promise<void> {
  const ready = Promise.withResolvers<void>()
  const bytes = encodeProgram(program, { reasons: false })
  const run = context.zygote.submit(bytes, { onUser: () => ready.resolve() })
  run.started.then((outcome) => {
    if (outcome.kind === 'failed') ready.reject(explainFailure(program, outcome))
    else if (outcome.kind !== 'created')
      ready.reject(
        new OperationError('PROTOCOL', 'make the namespaces of a pod', { outcome: outcome.kind }),
      )
  }, ready.reject)
  await ready.promise
}

function holdersOf(folder: string, pod: KubeObject): Map<SandboxNamespace, string> {
  const names: SandboxNamespace[] = [
    ...(isHostNetwork(pod) ? [] : (['net', 'uts'] as const)),
    ...(valueAt(pod, ['spec', 'hostIPC']) === true ? [] : (['ipc'] as const)),
  ]
  return new Map(names.map((name) => [name, join(folder, 'ns', name)]))
}

export function isHostNetwork(pod: KubeObject): boolean {
  return valueAt(pod, ['spec', 'hostNetwork']) === true
}

/** As the pod sees its name; hostname(7) ends at 64 bytes. */
export function podHostname(pod: KubeObject): string {
  const name = textAt(pod, ['spec', 'hostname']) ?? pod.metadata.name ?? ''
  return name.slice(0, 63).replace(/[-.]+$/, '')
}

function sysctlsOf(pod: KubeObject): ReadonlyMap<string, string> {
  return new Map(
    listAt(pod, ['spec', 'securityContext', 'sysctls']).map((sysctl) => [
      (textAt(sysctl, ['name']) ?? '').replaceAll('.', '/'),
      textAt(sysctl, ['value']) ?? '',
    ]),
  )
}

/** A namespace's file is on another file system than the folder that it is bound in. */
function isHeld(path: string): boolean {
  if (!existsSync(path)) return false
  return statSync(path).dev !== statSync(join(path, '..')).dev
}
