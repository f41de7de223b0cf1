import type { CommandIo } from '../cli/command-io.ts'
import type { RunResult } from '../cli/engine.ts'
import { formatExplanation } from '../program/explain.ts'
import { stepDocuments } from '../program/program-document.ts'
import { stringifyJson } from '../spec/json.ts'
import { attachAsChild } from './attach-child.ts'
import { createContainer } from './create.ts'
import { describePreparation } from './describe-preparation.ts'
import { dryRun } from './dry-run.ts'
import type { EngineContext } from './engine-context.ts'
import type { ContainerOptions, ExplanationFormat } from './options.ts'
import type { PreparedStart } from './prepare-start.ts'
import type { ContainerRecord } from './record.ts'
import { runContainer } from './run.ts'
import { readState } from './read-state.ts'
import { type RunTimes, formatRunTimes } from './run-times.ts'
import type { StartedContainer } from './start.ts'

/**
 * `run --explain`, `--timings`, `--dry-run`: show what a run consists of.
 *
 * The listing goes to stdout where nothing else is done, else to stderr, so that the container's
 * own output stays what it is. A reader who has gone (`| head`) must not leave a half-made container:
 * a dry run is told when it is taken back, and a run goes on unheard.
 *
 * @throws {OperationError} whatever the run throws
 */
export async function explainRun(
  context: EngineContext,
  options: ContainerOptions,
  io: CommandIo,
): Promise<RunResult> {
  if (options.dryRun) {
    const { result, text } = await explainDryRun(context, options, io)
    io.stdout.write(text)
    return result
  }
  const explain = (record: ContainerRecord, prepared: PreparedStart): void => {
    if (!options.explain) return
    const text = explanation(context, record, prepared, options.explain)
    if (io.stderr.offer) io.stderr.offer(text)
    else io.stderr.write(text)
  }
  if (options.timings) return runTimed(context, options, io, explain)
  return runContainer(context, options, io, { onPrepared: explain })
}

async function explainDryRun(
  context: EngineContext,
  options: ContainerOptions,
  io: CommandIo,
): Promise<{ result: RunResult; text: string }> {
  let text = ''
  const result = await dryRun(context, options, io, (record, prepared) => {
    text = explanation(context, record, prepared, options.dryRun || options.explain || 'text')
  })
  return { result, text }
}

/**
 * `create --explain` and `--dry-run`: what a start of the container would be.
 *
 * @throws {OperationError} whatever create and the preparation of a start throw
 */
export async function explainCreate(
  context: EngineContext,
  options: ContainerOptions,
  io: CommandIo,
): Promise<RunResult> {
  const { result, text } = await explainDryRun(context, options, io)
  const sink = options.dryRun ? io.stdout : io.stderr
  sink.write(text)
  return options.dryRun ? result : createContainer(context, options)
}

/** Everything about a start that is prepared: what was looked up, then each system call. */
export function explanation(
  context: EngineContext,
  record: ContainerRecord,
  prepared: PreparedStart,
  format: ExplanationFormat,
): string {
  const sections = describePreparation(context.facts, record, prepared)
  if (format === 'json') return explanationDocument(record, prepared, sections)
  const before = sections
    .map(({ title, lines }) => `${title}\n${lines.map((line) => `  ${line}\n`).join('')}`)
    .join('')
  const whole = `${before}\n${formatExplanation(prepared.program)}`
  // Sixty-four digits in every path hide what differs between the lines.
  return whole.replaceAll(record.id, `${record.id.slice(0, 12)}…`)
}

/** One line, so that a reader of a stream knows where it ends. */
function explanationDocument(
  { id, name, imageReference }: ContainerRecord,
  { config, program }: PreparedStart,
  preparation: ReturnType<typeof describePreparation>,
): string {
  const { architecture } = program
  const document = {
    container: { id, name, image: imageReference },
    preparation,
    config,
    architecture,
    steps: stepDocuments(program),
  }
  return `${stringifyJson(document)}\n`
}

/** A report comes after the end, so this command stays and has a child be the container's terminal. */
async function runTimed(
  context: EngineContext,
  options: ContainerOptions,
  io: CommandIo,
  explain: (record: ContainerRecord, prepared: PreparedStart) => void,
): Promise<RunResult> {
  const times: RunTimes = { entered: performance.now() }
  let seen: { record: ContainerRecord; started: StartedContainer } | undefined
  const child = Object.create(io, { attach: { value: attachAsChild } }) as CommandIo
  const result = await runContainer(context, options, child, {
    trace: true,
    onCreated: () => {
      times.created = performance.now()
    },
    onPrepared(record, prepared) {
      times.prepared = performance.now()
      explain(record, prepared)
      times.handedOver = performance.now()
    },
    onStarted(record, started) {
      times.started = performance.now()
      seen = { record, started }
    },
  })
  if (!seen) return result
  const { record, started } = seen
  if (!options.detach && !isAlive(context, record)) await endOf(started)
  io.stderr.write(formatRunTimes(times, started.program, started.trace))
  return result
}

/** Waiting for an end does not keep this process by itself; the clean-up is at most seconds away. */
async function endOf({ ended }: StartedContainer): Promise<void> {
  const stay = setTimeout(() => undefined, cleanupPatienceMs)
  await ended
  clearTimeout(stay)
}

const cleanupPatienceMs = 10_000

/** Detached from by its keys: it goes on. */
function isAlive({ folders }: EngineContext, record: ContainerRecord): boolean {
  return readState(folders, record).status === 'running'
}
