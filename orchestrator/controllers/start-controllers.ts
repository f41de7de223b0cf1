import { describeError } from '../../native/error.ts'
import type { Client } from '../client/client.ts'
import { makeEventRecorder } from '../client/event-recorder.ts'
import { makeInformers } from '../client/informers.ts'
import type { RecordSpan } from '../trace/span.ts'
import type { ControllerSettings, RunningController, StartController } from './controller.ts'
import { controllers } from './list.ts'

export interface ControllersOptions {
  readonly client: Client
  readonly record: RecordSpan
  readonly settings?: Partial<ControllerSettings>
  /** Told of failures that are tried again. Absent: stderr. */
  readonly onProblem?: (what: string, error: unknown) => void
  /** Absent: all. */
  readonly list?: readonly StartController[]
}

/** Start the controllers over one set of informers. */
export function startControllers(options: ControllersOptions): RunningController {
  const { client, record, settings = {}, onProblem = printProblem, list = controllers } = options
  const informers = makeInformers(client, { onProblem })
  const running = list.map((start) =>
    start({
      client,
      informers,
      record,
      onProblem,
      settings,
      recorder: (component) => makeEventRecorder(client, component, { onProblem }),
    }),
  )
  return {
    stop: async () => {
      informers.stop()
      await Promise.all(running.map((controller) => controller.stop()))
    },
  }
}

function printProblem(what: string, error: unknown): void {
  process.stderr.write(`${what}: ${describeError(error)}\n`)
}
