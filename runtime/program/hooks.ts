import type { Hook } from '../spec/config.ts'
import { close, noFollowFlag, refuseSpec } from './compilation.ts'
import type { Compilation } from './compilation.ts'
import { CLONE, ERRNO, O, P_PIDFD, SIGCHLD, SIGKILL, WEXITED } from './flags/values.ts'
import { addressOf, firstOf, secondOf } from './operand.ts'
import type { Operand, Slot } from './operand.ts'
import type { Step } from './program.ts'
import { CLONE_ARGS_SIZE, cloneArgs, stringVector, timeSpan } from './structs.ts'

const source =
  'https://github.com/opencontainers/runtime-spec/blob/v1.3.0/config.md#posix-platform-hooks'
/** The state is put into the pipe before the hook runs, and a pipe holds this much. */
const MAX_STATE_BYTES = 60_000

export interface HookContext {
  readonly id: string
  readonly bundle: string
  readonly status: 'creating' | 'created' | 'running'
  readonly annotations: Readonly<Record<string, string>>
  /** What they get as their standard error; absent: the one of the process that runs them. */
  readonly errors?: Slot | undefined
}

/** File of the state folder with what hooks have complained of until the container was created. */
export const hookErrorsFile = 'hook-errors'

/**
 * Outer half, before the clone: a file for what hooks say on their standard error, which nobody may hear else.
 *
 * @returns the slot with its descriptor, which both halves have
 */
export function openHookErrors(c: Compilation): Slot {
  const { b } = c
  const errors = b.slot('hookErrors')
  const flags = O.WRONLY | O.CREAT | O.TRUNC | O.APPEND | O.CLOEXEC
  b.call('openat', [b.slot('state'), b.text(hookErrorsFile), flags | noFollowFlag(c), 0o600], {
    to: errors,
    why: 'what a hook that fails has said is told with its failure',
    source,
  })
  return errors
}

/**
 * Run the hooks of one moment, in order, each with the container's state on its stdin. The first
 * that fails or takes too long fails the program.
 *
 * @param pid the init as the host numbers it
 */
export function runHooks(
  c: Compilation,
  hooks: readonly Hook[] | undefined,
  pid: Operand,
  context: HookContext,
): void {
  if (hooks === undefined || hooks.length === 0) return
  const { b } = c
  const { id, bundle, status, annotations, errors } = context
  const marker = 1_234_567_891
  const text = JSON.stringify({
    pid: marker,
    ociVersion: c.config.ociVersion,
    id,
    status,
    bundle,
    annotations,
  })
  if (Buffer.byteLength(text) > MAX_STATE_BYTES)
    refuseSpec(
      'annotations',
      { bytes: Buffer.byteLength(text) },
      'Hooks get all annotations in one pipe: make them shorter',
    )
  // The pid comes first: only the first %d of a template is replaced.
  const template = text.replace(`"pid":${marker}`, '"pid":%d')
  const length = b.slot('stateLength')
  const state = b.format(template, pid, {
    to: length,
    why: 'hooks are told the init’s pid, which is known only now',
    source,
  })
  for (const hook of hooks) runHook(c, hook, { state, length, errors })
}

/**
 * Hooks that say nothing of their environment get this one. The specification leaves it open; those that run as the
 * container itself have its variables with other runtimes too.
 */
export function withEnvironment(
  hooks: readonly Hook[] | undefined,
  env: readonly string[] | undefined,
): readonly Hook[] | undefined {
  return hooks?.map((hook) => (hook.env || !env ? hook : { ...hook, env: [...env] }))
}

/** Whether it is a hook that has failed where this step has. */
export function isHookStep(step: Step | undefined): boolean {
  return step?.source === source
}

interface HookStreams {
  readonly state: Operand
  readonly length: Operand
  readonly errors: Slot | undefined
}

function runHook(c: Compilation, hook: Hook, { state, length, errors }: HookStreams): void {
  const { b } = c
  const pipe = b.slot('hookPipe')
  const [child, pidfd] = [b.slot('hook'), b.slot('hookPidfd')]
  const parent = b.label('hook started')
  const cell = b.data.scratch(8)
  b.call('pipe2', [addressOf(pipe), O.CLOEXEC], {
    why: 'the hook reads the state from its stdin',
    source,
  })
  b.call('write', [secondOf(pipe), state, length], {
    why: 'before the hook runs: one that does not read must not block or kill us',
    source: 'pipe(7)',
  })
  b.call('clone3', [cloneArgs(b.data, CLONE.PIDFD, cell, SIGCHLD), CLONE_ARGS_SIZE], {
    to: child,
    why: `the hook ${hook.path} is a program of its own`,
    source,
  })
  b.jumpIfNonZero(child, parent, { why: 'only the child becomes the hook', source: 'clone(2)' })
  b.call('dup3', [firstOf(pipe), 0, 0], { why: 'its stdin', source })
  if (errors) b.call('dup3', [errors, 2, 0], { why: 'its stderr', source })
  b.call(
    'execve',
    [
      b.text(hook.path),
      stringVector(b.data, hook.args ?? [hook.path]),
      stringVector(b.data, hook.env ?? []),
    ],
    {
      ignore: 'any',
      why: `the hook ${hook.path}, with its own environment only`,
      source,
    },
  )
  b.call('exit_group', [127], {
    why: 'the hook could not be run; whoever waits for it reports that',
    source: 'exit_group(2)',
  })
  b.place(parent)
  b.load(pidfd, cell, 0, 4, { why: 'the hook is waited for and ended by it', source: 'clone(2)' })
  close(c, firstOf(pipe), 'the hook has it')
  close(c, secondOf(pipe), 'the hook sees the end of its input')
  awaitHook(c, hook)
}

function awaitHook(c: Compilation, hook: Hook): void {
  const { b } = c
  const pidfd = b.slot('hookPidfd')
  const facts = b.data.scratch(128)
  if (hook.timeout !== undefined && hook.timeout > 0) limitHook(c, hook.path, hook.timeout)
  b.call('waitid', [P_PIDFD, pidfd, facts, WEXITED, 0], {
    why: 'nothing goes on before the hook is done',
    source,
  })
  close(c, pidfd, 'the hook has ended')
  for (const [offset, expected, why] of [
    [8, 1, 'a hook that dies of a signal stops the start'],
    [24, 0, 'a hook that fails stops the start'],
  ] as const) {
    b.load(b.slot('number'), facts, offset, 4, { why: 'how the hook ended', source: 'waitid(2)' })
    b.assert(b.slot('number'), expected, ERRNO.ECHILD, { why: `${hook.path}: ${why}`, source })
  }
}

function limitHook(c: Compilation, path: string, seconds: number): void {
  const { b } = c
  const inTime = b.label('hook ended in time')
  const entry = b.data.words([0x1_0000_0000]) // POLLIN in the upper half
  b.store(b.slot('hookPidfd'), entry, 0, 4, {
    why: 'the descriptor is known only now',
    source: 'poll(2)',
  })
  b.call('ppoll', [entry, 1, timeSpan(b.data, seconds * 1000), 0, 8], {
    to: b.slot('number'),
    why: `${path} has ${seconds} s`,
    source,
  })
  b.jumpIfNonZero(b.slot('number'), inTime, { why: 'the hook has ended', source: 'poll(2)' })
  b.call('pidfd_send_signal', [b.slot('hookPidfd'), SIGKILL, 0, 0], {
    ignore: 'any',
    why: 'its time is over',
    source,
  })
  b.operation('FAIL', [ERRNO.ETIMEDOUT], {
    why: `${path}: took longer than its ${seconds} s`,
    source,
  })
  b.place(inTime)
}
