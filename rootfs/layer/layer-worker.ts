import { parentPort } from 'node:worker_threads'
import { OperationError, type WireError } from '../../native/error.ts'
import { withStorageHint } from './storage-failure.ts'
import { type LayerTask, type LayerTaskResult, runLayerTask } from './layer-task.ts'

// Entry of the threads that `worker-pool.ts` starts: one task after the other.

export type WorkerReply =
  | { readonly kind: 'note'; readonly note: string }
  | { readonly kind: 'done'; readonly result: LayerTaskResult }
  | { readonly kind: 'refused'; readonly error: WireError }
  | { readonly kind: 'failed'; readonly reason: string }

const port = parentPort
const reply = (message: WorkerReply): void => port?.postMessage(message)

async function answer(task: LayerTask): Promise<void> {
  try {
    const result = await runLayerTask(task, (note) => reply({ kind: 'note', note }))
    reply({ kind: 'done', result })
  } catch (cause) {
    const error = withStorageHint('work on a layer', cause)
    if (error instanceof OperationError) reply({ kind: 'refused', error: error.toJSON() })
    else reply({ kind: 'failed', reason: error instanceof Error ? error.message : String(error) })
  }
}

port?.on('message', (task: LayerTask) => void answer(task))
