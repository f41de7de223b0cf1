import { readFileSync } from 'node:fs'
import { OperationError } from '../../native/error.ts'

/**
 * The number of a group of this host, by name or as it is: group(5).
 *
 * @throws {OperationError} `NOT_FOUND`
 */
export function findGroup(text: string): number {
  const line = readFileSync('/etc/group', 'utf8')
    .split('\n')
    .map((one) => one.split(':'))
    .find(([name]) => name === text)
  const gid = Number(line?.[2] ?? (/^\d{1,9}$/.test(text) ? text : Number.NaN))
  if (Number.isSafeInteger(gid)) return gid
  throw new OperationError(
    'NOT_FOUND',
    `find the group ${text}`,
    { file: '/etc/group' },
    { hint: `Make it: groupadd --system ${text}` },
  )
}
