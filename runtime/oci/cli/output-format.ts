import { OperationError } from '../../../native/error.ts'
import type { ParsedFlags } from '../../cli/parsed-flags.ts'

/** `--format`. @throws {OperationError} `INVALID_ARGUMENT` */
export function tableOrJson(flags: ParsedFlags): 'table' | 'json' {
  const format = flags.string('format') ?? 'table'
  if (format === 'table' || format === 'json') return format
  throw new OperationError(
    'INVALID_ARGUMENT',
    `invalid format option ${JSON.stringify(format)}`,
    {},
    { hint: 'It takes table or json' },
  )
}
