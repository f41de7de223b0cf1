import { join } from 'node:path'
import type { Worker } from 'node:worker_threads'
import { OperationError } from '../../native/error.ts'
import { distFolder } from '../../native/paths.ts'
import { unpackLimits } from './decompress.ts'
import { type LayerTask, type LayerTaskResult, runLayerTask } from './layer-task.ts'
import type { WorkerReply } from './layer-worker.ts'

// Threads for the heavy part of layers. A thread costs some 30 ms to start, so what is small is done
// here, and threads that are idle wait for the next layer; they keep no process alive.

const minSize = 2 * 1024 * 1024
const maxIdle = 2
const maxIdleMs = 10_000

const idle: Worker[] = []

/** Carry a task out, on another thread where that pays. @throws {OperationError} as `runLayerTask` */
export async function runOnThread(
  task: LayerTask,
  onNote: (note: string) => void,
): Promise<LayerTaskResult> {
  if (task.source.size < minSize) return runLayerTask(task, onNote)
  const worker = idle.pop() ?? startWorker()
  worker.ref()
  return new Promise<LayerTaskResult>((resolve, reject) => {
    const settle = (): void => {
      // Not all of them: one of Node's own lets messages through.
      for (const event of ['message', 'error', 'exit'] as const) worker.removeAllListeners(event)
      rest(worker)
    }
    worker.on('message', (message: WorkerReply) => {
      if (message.kind === 'note') return onNote(message.note)
      settle()
      if (message.kind === 'done') resolve(message.result)
      else reject(errorOf(message))
    })
    worker.on('error', (cause) => reject(lost(task, cause)))
    worker.on('exit', () => reject(lost(task, undefined)))
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, no window
    worker.postMessage({ ...task, limits: unpackLimits() } satisfies LayerTask)
  })
}

/** Keep it for the next layer, for a while: a process that serves for weeks needs no idle threads. */
function rest(worker: Worker): void {
  worker.unref()
  if (idle.length >= maxIdle) {
    void worker.terminate()
    return
  }
  idle.push(worker)
  const end = (): void => {
    const at = idle.indexOf(worker)
    if (at === -1) return
    idle.splice(at, 1)
    void worker.terminate()
  }
  setTimeout(end, maxIdleMs).unref()
}

function startWorker(): Worker {
  const { Worker } = process.getBuiltinModule('node:worker_threads')
  const isSource = import.meta.filename.endsWith('.ts')
  const path = isSource
    ? join(import.meta.dirname, 'layer-worker.ts')
    : join(distFolder, 'layer-worker.cjs')
  return new Worker(path, { name: 'layer', execArgv: [] })
}

function errorOf(message: Extract<WorkerReply, { kind: 'refused' | 'failed' }>): OperationError {
  if (message.kind === 'refused') return OperationError.fromWire(message.error)
  return new OperationError('INTERNAL', 'work on a layer', { reason: message.reason })
}

function lost({ kind }: LayerTask, cause: unknown): OperationError {
  return new OperationError('INTERNAL', 'work on a layer in a thread', { kind }, { cause })
}
