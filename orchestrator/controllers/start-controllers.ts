import { describeError } from '../../native/error.ts'
import type { Client } from '../client/client.ts'
import { makeEventRecorder } from '../client/event-recorder.ts'
import { makeInformers } from '../client/informers.ts'
import type { Informers } from '../client/informers.ts'
import type { RecordSpan } from '../trace/span.ts'
import { makeControllerCounts } from './controller-counts.ts'
import type { ControllerCounts } from './controller-counts.ts'
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

export interface RunningControllers extends RunningController {
  /** What they have done so far. */
  readonly counts: ControllerCounts
  /** For others in the process that follow the same kinds. */
  readonly informers: Informers
}

const longestEndMs = 1_000

/** Start the controllers over one set of informers. */
export function startControllers(options: ControllersOptions): RunningControllers {
  const { client, record, settings = {}, onProblem = printProblem, list = controllers } = options
  const informers = makeInformers(client, { onProblem })
  const counts = makeControllerCounts()
  const events = new Set<Promise<void>>()
  const onWrite = (writing: Promise<void>): void => {
    events.add(writing)
    void writing.finally(() => events.delete(writing))
  }
  const running = list.map((start) =>
    start({
      client,
      informers,
      record,
      onProblem,
      settings,
      counts,
      recorder: (component) => makeEventRecorder(client, component, { onProblem, onWrite }),
    }),
  )
  return {
    counts,
    informers,
    stop: async () => {
      // What is under way wants to see what it wrote; but what never came does not hold up the end.
      const timer = setTimeout(() => informers.stop(), longestEndMs)
      await Promise.all(running.map((controller) => controller.stop()))
      clearTimeout(timer)
      informers.stop()
      await Promise.all(events)
    },
  }
}

function printProblem(what: string, error: unknown): void {
  process.stderr.write(`${what}: ${describeError(error)}\n`)
}
