import { OperationError } from '../../native/error.ts'
import type { ExplanationFormat } from '../container/options.ts'
import { type FlagSpec, flag } from './flag-spec.ts'
import type { ParsedFlags } from './parsed-flags.ts'

/** `--explain` and how it is written. @param what whose calls */
export function explainFlags(what: string): readonly FlagSpec[] {
  return [
    flag('bool', 'explain', `Print the system calls of the ${what}, each with its reason`),
    flag('string', 'format', 'How they are printed ("text", "json")', { default: 'text' }),
  ]
}

/** @throws {OperationError} INVALID_ARGUMENT for another format, or a format of nothing */
export function readExplain(flags: ParsedFlags): {
  readonly explain: ExplanationFormat | false
  readonly dryRun: ExplanationFormat | false
} {
  const format = flags.string('format')
  const [explain, dryRun] = [flags.bool('explain'), flags.bool('dry-run')]
  if (format !== undefined && format !== 'text' && format !== 'json')
    throw new OperationError(
      'INVALID_ARGUMENT',
      'read --format',
      { format },
      { hint: 'A listing is "text" or "json"' },
    )
  if (format !== undefined && !explain && !dryRun)
    throw new OperationError(
      'INVALID_ARGUMENT',
      'read --format',
      { format },
      { hint: 'It says how --explain and --dry-run print: add one of them' },
    )
  return { explain: explain && (format ?? 'text'), dryRun: dryRun && (format ?? 'text') }
}
