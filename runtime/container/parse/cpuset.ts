import { invalidValue } from './invalid-value.ts'

/** Upper bound of CONFIG_NR_CPUS; a larger number is a slip that would build a huge list. */
const maximumCpu = 8191

/**
 * Check a list in the kernel's format, `0-3,7` (cpuset(7), "List format").
 * @returns the text unchanged
 * @throws {OperationError} INVALID_ARGUMENT
 */
export function parseCpuset(text: string): string {
  for (const item of text.split(',')) {
    const match = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(item)
    const first = Number(match?.[1])
    const last = Number(match?.[2] ?? match?.[1])
    if (!match || first > last || last > maximumCpu)
      throw invalidValue('processor list', text, 'Write numbers and ranges such as 0-3,7')
  }
  return text
}
