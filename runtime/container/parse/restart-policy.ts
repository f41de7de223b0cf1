import type { RestartPolicy } from '../options.ts'
import { parseInteger } from './integer.ts'
import { invalidValue } from './invalid-value.ts'

/**
 * Read `no`, `always`, `unless-stopped` or `on-failure[:MAXIMUM]`.
 * @throws {OperationError} INVALID_ARGUMENT
 */
export function parseRestartPolicy(text: string): RestartPolicy {
  const [name, maximum, ...rest] = text.split(':')
  const hint = 'The policies are no, always, unless-stopped and on-failure[:MAXIMUM]'
  if (rest.length > 0) throw invalidValue('restart policy', text, hint)
  if (maximum !== undefined && name !== 'on-failure')
    throw invalidValue('restart policy', text, 'Only on-failure takes a maximum')
  switch (name) {
    case '':
    case 'no':
      return { name: 'no', maximumRetryCount: 0 }
    case 'always':
    case 'unless-stopped':
      return { name, maximumRetryCount: 0 }
    case 'on-failure':
      return {
        name,
        maximumRetryCount:
          maximum === undefined ? 0 : parseInteger('restart policy', maximum, 0, 2 ** 31 - 1),
      }
    default:
      throw invalidValue('restart policy', text, hint)
  }
}
