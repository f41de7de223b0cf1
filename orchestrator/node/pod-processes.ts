import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { createContainer } from '../../runtime/container/create.ts'
import { defaultOptions } from '../../runtime/container/default-options.ts'
import type { EngineContext } from '../../runtime/container/engine-context.ts'
import { plainMount } from '../../runtime/container/mount-spec.ts'
import type { ContainerOptions } from '../../runtime/container/options.ts'
import { readState } from '../../runtime/container/read-state.ts'
import type { ContainerRecord } from '../../runtime/container/record.ts'
import { listRecords } from '../../runtime/container/record-store.ts'
import { removeContainer } from '../../runtime/container/remove.ts'
import { startContainer } from '../../runtime/container/start.ts'
import { initAnnotation } from '../../runtime/program/execute.ts'
import type { KubeObject } from '../api/object.ts'
import { valueAt } from '../api/object.ts'
import { podLabels } from './container-options.ts'
import { podCgroup } from './pod-cgroup.ts'
import type { Sandbox } from './sandbox.ts'

// A PID namespace, unlike the others, needs a process that stays: its first one, with which all others end. Where the
// containers of a pod share processes that must be none of theirs. It is the runtime's init in an empty root, without
// capabilities, so that `/proc/1/root` leads nowhere.

const holderLabel = 'myorch.dev/holds'

export function sharesProcesses(pod: KubeObject): boolean {
  const isOfNode = valueAt(pod, ['spec', 'hostPID']) === true
  return valueAt(pod, ['spec', 'shareProcessNamespace']) === true && !isOfNode
}

/**
 * The PID namespace that the containers of a pod share, made where there is none.
 *
 * @param folder the pod's own
 * @returns path of the namespace
 * @throws {OperationError} as `createContainer` and `startContainer`
 */
export async function sharedProcesses(
  context: EngineContext,
  folder: string,
  pod: KubeObject,
  sandbox: Sandbox,
): Promise<string> {
  const known = findHolder(context, pod.metadata.uid ?? '')
  const pid = known ? readState(context.folders, known).pid : 0
  if (pid !== 0) return namespaceOf(pid)
  if (known) await removeContainer(context, known.id, { force: true, volumes: true })
  const record = await createContainer(context, holderOptions(folder, pod, sandbox))
  await startContainer(context, record, { hold: false })
  return namespaceOf(readState(context.folders, record).pid)
}

/**
 * The PID namespace of another container of the pod, for one that is to see its processes (`targetContainerName`).
 *
 * @returns path of the namespace
 * @throws {Error} in the words of the kubelet, where that one does not run
 */
export function processesOf({ folders }: EngineContext, pod: KubeObject, target: string): string {
  const own = [
    [podLabels.uid, pod.metadata.uid],
    [podLabels.container, target],
  ] as const
  const pids = listRecords(folders)
    .filter(({ options: { labels } }) => own.every(([name, value]) => labels[name] === value))
    .map((record) => readState(folders, record).pid)
  const pid = pids.find((each) => each !== 0)
  if (pid === undefined) throw new Error(`unable to find target container ${target}`)
  return namespaceOf(pid)
}

/** Fine where there is none. */
export async function removeSharedProcesses(context: EngineContext, uid: string): Promise<void> {
  const known = findHolder(context, uid)
  if (known) await removeContainer(context, known.id, { force: true, volumes: true })
}

function namespaceOf(pid: number): string {
  return join('/proc', String(pid), 'ns/pid')
}

function findHolder({ folders }: EngineContext, uid: string): ContainerRecord | undefined {
  return listRecords(folders).find(
    ({ options: { labels } }) => labels[holderLabel] === 'pid' && labels[podLabels.uid] === uid,
  )
}

function holderOptions(folder: string, pod: KubeObject, { namespaces }: Sandbox): ContainerOptions {
  const root = join(folder, 'processes')
  mkdirSync(root, { recursive: true, mode: 0o755 })
  const base = defaultOptions(root)
  const { name = '', namespace = '', uid = '' } = pod.metadata
  const net = namespaces.get('net')
  return {
    ...base,
    name: `k8s_POD_${name}_${namespace}_${uid}`,
    rootfs: true,
    init: true,
    // No program: the init is there for its namespace alone.
    entrypoint: [''],
    annotations: { [initAnnotation]: 'alone' },
    command: [],
    detach: true,
    readOnlyTmpfs: false,
    cgroupParent: podCgroup(pod),
    security: { ...base.security, capDrop: ['ALL'], noNewPrivileges: true },
    network: {
      ...base.network,
      mode: net === undefined ? { kind: 'none' } : { kind: 'path', path: net },
      noHosts: true,
    },
    mounts: ['resolv.conf', 'hostname'].map((file) => ({
      ...plainMount('bind', join('/etc', file)),
      source: join(folder, file),
      readOnly: true,
    })),
    log: { ...base.log, driver: 'none' },
    labels: {
      [podLabels.name]: name,
      [podLabels.namespace]: namespace,
      [podLabels.uid]: uid,
      [holderLabel]: 'pid',
    },
    health: { disabled: true },
    pull: 'never',
    quiet: true,
  }
}
