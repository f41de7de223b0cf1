import type { Hook } from '../model/service.ts'
import type { WrittenService } from './service-schema.ts'
import { invalidField, present, toCommand, toFlag, toText, toVariables } from './spelling.ts'

type WrittenHook = NonNullable<WrittenService['post_start']>[number]

/** @throws {OperationError} `INVALID_ARGUMENT` for one without a command */
export function canonicalHooks(written: readonly WrittenHook[], at: string): Hook[] {
  return written.map((hook, index) => canonicalHook(hook, `${at}[${index}]`))
}

export function canonicalHook(written: WrittenHook, at: string): Hook {
  const command = toCommand(written.command, `${at}.command`)
  if (command === undefined || command.length === 0)
    throw invalidField(at, 'command is missing', '')
  return present({
    command,
    user: toText(written.user),
    privileged: toFlag(written.privileged),
    workingDir: written.working_dir,
    environment: toVariables(written.environment),
  })
}
