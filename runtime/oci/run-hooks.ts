import { spawnSync } from 'node:child_process'
import { OperationError, describeError } from '../../native/error.ts'
import type { Hook } from '../spec/config.ts'
import { type OciStatus, buildState } from '../spec/state.ts'
import type { OciRecord } from './oci-record.ts'

/**
 * Run hooks in the namespaces of the runtime, in order, with the container's state on their stdin.
 *
 * @returns the first failure, after which no further one is run; undefined where all went well
 * @see https://github.com/opencontainers/runtime-spec/blob/v1.3.0/config.md#posix-platform-hooks
 */
export function runHostHooks(
  hooks: readonly Hook[] | undefined,
  record: OciRecord,
  status: OciStatus,
  pid: number,
): OperationError | undefined {
  const input = stateText(record, status, pid)
  for (const hook of hooks ?? []) {
    const failure = runHook(hook, input)
    if (failure) return failure
  }
  return undefined
}

/**
 * Run poststop hooks: one that fails is warned of, and the others are run all the same.
 *
 * @see https://github.com/opencontainers/runtime-spec/blob/v1.3.0/runtime.md#lifecycle step 13
 */
export function runPoststopHooks(
  hooks: readonly Hook[] | undefined,
  record: OciRecord,
  warn: (message: string) => void,
): void {
  const input = stateText(record, 'stopped', 0)
  for (const hook of hooks ?? []) {
    const failure = runHook(hook, input)
    if (failure) warn(describeError(failure))
  }
}

function stateText({ id, bundle, annotations }: OciRecord, status: OciStatus, pid: number): string {
  return JSON.stringify(buildState({ id, status, pid, bundle, annotations }))
}

/** As much of a hook's complaint as a message has room for, bytes. */
const shownOutput = 400

function runHook({ path, args, env, timeout }: Hook, input: string): OperationError | undefined {
  const [argv0 = path, ...rest] = args ?? []
  const done = spawnSync(path, rest, {
    argv0,
    env: Object.fromEntries((env ?? []).map(pair)),
    input,
    stdio: ['pipe', 'pipe', 'pipe'],
    cwd: '/',
    killSignal: 'SIGKILL',
    ...(timeout === undefined ? {} : { timeout: timeout * 1000 }),
  })
  if (done.status === 0) return undefined
  const output = done.stderr?.toString().trim().slice(0, shownOutput) ?? ''
  const problem =
    done.error?.message ?? (done.signal === null ? `exit code ${done.status}` : done.signal)
  return new OperationError(
    'START_FAILED',
    `run the hook ${path}: ${problem}`,
    output === '' ? {} : { output },
    { hint: 'See what the hook itself says about it' },
  )
}

function pair(line: string): [string, string] {
  const at = line.indexOf('=')
  return at < 0 ? [line, ''] : [line.slice(0, at), line.slice(at + 1)]
}
