import { OperationError, describeError } from '../../native/error.ts'
import { explainFailedStart } from '../container/start-failure.ts'
import { type ContainerView, viewOfConfig, viewOfProcess } from '../container/container-view.ts'
import type { StartOutcome } from '../container/zygote.ts'
import type { Program } from '../program/program.ts'
import type { Config, Process } from '../spec/config.ts'

interface Failed {
  readonly program: Program
  readonly config: Config
  readonly outcome: Exclude<StartOutcome, { kind: 'running' }>
}

/** Why a container was not created. */
export function explainOciFailure({
  rootfs,
  ...failed
}: Failed & { readonly rootfs: string }): OperationError {
  return explain(failed, failed.config.process, () => viewOfConfig([rootfs], failed.config))
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
