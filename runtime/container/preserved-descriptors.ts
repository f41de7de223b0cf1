import { OperationError } from '../../native/error.ts'
import type { CompileBase } from '../program/compile-input.ts'
import type { EngineContext } from './engine-context.ts'

/**
 * `--preserve-fds`: the descriptors from 3 on that a program gets from the caller of this command.
 *
 * @throws {OperationError} `INVALID_ARGUMENT` where the caller has fewer. Whatever else has these numbers here is
 *   this process's own: handing it on would be a way out of the container
 */
export function preservedDescriptors(
  { zygote }: EngineContext,
  count: number,
): Pick<CompileBase, 'preserved'> {
  if (count === 0) return {}
  if (count <= zygote.callerDescriptors) return { preserved: { pid: process.pid, count } }
  throw new OperationError(
    'INVALID_ARGUMENT',
    `hand on the descriptors 3 to ${count + 2}`,
    { open: zygote.callerDescriptors },
    { hint: 'Open each of them for the command, as in 3<FILE, or ask for fewer' },
  )
}
