import { OperationError } from '../../../native/error.ts'
import type { CommandIo } from '../../cli/command-io.ts'
import { attachAsChild } from '../../container/attach-child.ts'
import type { Hook } from '../model/service.ts'
import type { Session } from './session.ts'

/**
 * Execute hooks in a running container, one after the other; what they write goes to the caller.
 *
 * @see https://github.com/compose-spec/compose-spec/blob/main/05-services.md#post_start
 * @throws {OperationError} `BAD_STATE` where one fails: those behind it are not executed
 */
export async function runHooks(
  session: Session,
  service: string,
  container: string,
  hooks: readonly Hook[] | undefined,
): Promise<void> {
  for (const hook of hooks ?? []) {
    const exitCode = await runHook(session, container, hook)
    if (exitCode !== 0)
      throw new OperationError(
        'BAD_STATE',
        `${service} hook exited with status ${exitCode}`,
        { command: hook.command.join(' ') },
        { exitCode: 1, hint: 'It is executed in the container: try it with compose exec' },
      )
  }
}

async function runHook(session: Session, container: string, hook: Hook): Promise<number> {
  const { engine, project } = session
  const { command, user, privileged = false, workingDir, environment = {} } = hook
  const env = Object.entries(environment).flatMap(([name, value]) => {
    const found = value ?? project.environment[name]
    return found === undefined ? [] : [`${name}=${found}`]
  })
  const { exitCode } = await engine.exec(
    container,
    {
      command,
      env,
      interactive: false,
      tty: false,
      detach: false,
      privileged,
      user,
      workdir: workingDir,
      preserveFds: 0,
    },
    stayingIo(session),
  )
  return exitCode ?? 0
}

/** A command line that executes a program in a container turns into its client for good: this one has more to do. */
export function stayingIo({ io }: Session): CommandIo {
  return Object.create(io, { attach: { value: attachAsChild } }) as CommandIo
}
