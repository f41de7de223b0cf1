import { hasCode, OperationError } from '../../native/error.ts'
import type { CommandIo } from '../cli/command-io.ts'
import type { Container, Engine, StopOptions } from '../cli/engine.ts'
import { removePod } from '../kube/play-kube.ts'
import { type Pod, isLive } from './pod.ts'

// What is done to all containers of a pod. The one that holds the namespaces comes first where it starts, and last where it
// ends.

export async function startPod(engine: Engine, pod: Pod, io: CommandIo): Promise<void> {
  for (const one of [pod.infra, ...pod.members])
    if (!isLive(one)) await engine.start(one.record.id, {}, io)
}

export async function stopPod(engine: Engine, pod: Pod, options: StopOptions): Promise<void> {
  await together(pod.members, (id) => engine.stop(id, options))
  await together([pod.infra], (id) => engine.stop(id, { ...options, timeout: 0 }))
}

/** Its running containers anew, the namespaces too. */
export async function restartPod(engine: Engine, pod: Pod, io: CommandIo): Promise<void> {
  await stopPod(engine, pod, {})
  for (const { record } of [pod.infra, ...pod.members]) await engine.start(record.id, {}, io)
}

export async function killPod(engine: Engine, pod: Pod, signal: string): Promise<void> {
  await together([...pod.members, pod.infra], (id) => engine.kill(id, signal))
}

export async function pausePod(engine: Engine, pod: Pod): Promise<void> {
  await together([...pod.members, pod.infra], (id) => engine.pause(id), 'running')
}

export async function unpausePod(engine: Engine, pod: Pod): Promise<void> {
  await together([pod.infra, ...pod.members], (id) => engine.unpause(id), 'paused')
}

/** @throws {OperationError} `BAD_STATE` where one runs beside that which holds the namespaces, without force */
export async function deletePod(
  engine: Engine,
  pod: Pod,
  options: { readonly force: boolean; readonly timeout?: number | undefined },
): Promise<void> {
  const running = pod.members.filter(isLive)
  if (running.length > 0 && !options.force)
    throw new OperationError(
      'BAD_STATE',
      `remove the pod ${pod.name}: it has containers that run`,
      { containers: running.map(({ record }) => record.name).join(', ') },
      { hint: `Stop it first: mycontainer pod stop ${pod.name}, or use force: pod rm -f` },
    )
  if (running.length > 0) await stopPod(engine, pod, { timeout: options.timeout })
  await removePod(engine, pod.name, false)
}

async function together(
  containers: readonly Container[],
  act: (id: string) => Promise<unknown>,
  status?: string,
): Promise<void> {
  const wanted = containers.filter((one) =>
    status === undefined ? isLive(one) : one.state.status === status,
  )
  await Promise.all(
    wanted.map(async ({ record }) => {
      try {
        await act(record.id)
      } catch (error) {
        // It ended by itself meanwhile.
        if (!hasCode(error, 'BAD_STATE') && !hasCode(error, 'NOT_FOUND')) throw error
      }
    }),
  )
}
