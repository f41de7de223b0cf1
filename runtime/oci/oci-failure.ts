import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs'
import { OperationError, describeError } from '../../native/error.ts'
import { explainFailedStart } from '../container/start-failure.ts'
import { type ContainerView, viewOfConfig, viewOfProcess } from '../container/container-view.ts'
import type { StartOutcome } from '../container/zygote.ts'
import { isHookStep } from '../program/hooks.ts'
import type { Program } from '../program/program.ts'
import type { Config, Process } from '../spec/config.ts'
import type { StateFolder } from './state-folder.ts'

interface Failed {
  readonly program: Program
  readonly config: Config
  readonly outcome: Exclude<StartOutcome, { kind: 'running' }>
}

/** As much of a hook's complaint as a message has room for, bytes. */
const shownComplaint = 400

/** Why a container was not created, with the last words of a hook that has failed. */
export function explainOciFailure({
  rootfs,
  folder,
  ...failed
}: Failed & { readonly rootfs: string; readonly folder: StateFolder }): OperationError {
  const error = explain(failed, failed.config.process, () => viewOfConfig([rootfs], failed.config))
  const { outcome, program } = failed
  const isHook = outcome.kind === 'failed' && isHookStep(program.steps[outcome.pc])
  const output = isHook ? readEnd(folder.hookErrors) : ''
  if (output === '') return error
  const { code, step, detail, hint, exitCode } = error
  return new OperationError(
    code,
    step,
    { output, ...detail },
    { hint, exitCode, cause: error.cause },
  )
}

/** The end of a file that somebody else has written, whatever its size. */
function readEnd(path: string): string {
  try {
    const file = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW)
    try {
      const bytes = Buffer.alloc(shownComplaint)
      const at = Math.max(0, fstatSync(file).size - shownComplaint)
      return bytes.toString('utf8', 0, readSync(file, bytes, 0, shownComplaint, at)).trim()
    } finally {
      closeSync(file)
    }
  } catch {
    return '' // It did not come so far.
  }
}

/** Why a program was not executed in a running container. */
export function explainOciExec(
  failed: Failed & { readonly process: Process; readonly pid: number },
): OperationError {
  return explain(failed, failed.process, () => viewOfProcess(failed.pid))
}

/**
 * Our own words, behind those that podman, docker and containerd look for: they tell a program that is missing from one
 * that cannot be executed by them, and choose the exit code that their user sees.
 */
function explain(
  { program, config, outcome }: Failed,
  process: Process | undefined,
  openView: () => ContainerView,
): OperationError {
  const error = explainFailedStart({ program, process, config, outcome, openView })
  const [name = ''] = process?.args ?? []
  const phrase = enginePhrase(error, name)
  if (phrase === undefined) return error
  return new OperationError(
    'START_FAILED',
    `unable to start container process: exec: ${JSON.stringify(name)}: ${phrase}: ${describeError(error)}`,
    {},
    { exitCode: error.exitCode },
  )
}

function enginePhrase({ exitCode }: OperationError, name: string): string | undefined {
  if (exitCode === 126) return 'permission denied'
  if (exitCode !== 127) return undefined
  return name.includes('/')
    ? `stat ${name}: no such file or directory`
    : 'executable file not found in $PATH'
}
