import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs'
import { OperationError } from '../../native/error.ts'
import { closeFile, openAt2, openFlags, resolveFlags } from '../../native/file.ts'

export interface Owner {
  readonly uid: number
  readonly gid: number
}

const maximumId = 0x7fff_ffff
const maximumSize = 1024 * 1024

/**
 * Who `--chown=user[:group]` is: numbers stand for themselves, names are looked up in the root's own
 * /etc/passwd and /etc/group. A user alone is also the group: its primary one by name, the same
 * number by number.
 *
 * @param root descriptor of the step's root
 * @throws {OperationError} `INVALID_ARGUMENT`; `NOT_FOUND` for a name that is not there
 */
export function resolveOwner(root: number, text: string): Owner {
  const [user = '', group, ...rest] = text.split(':')
  if (user === '' || group === '' || rest.length > 0)
    throw new OperationError(
      'INVALID_ARGUMENT',
      `read the owner ${text}`,
      {},
      { hint: 'Write user or user:group, each a name or a number' },
    )
  const found = numberOf(user) ?? accountOf(root, user)
  return { uid: found.uid, gid: group === undefined ? found.gid : groupOf(root, group) }
}

/** Never looked up as a name when it is out of range: it could be one that somebody else chose. */
function numberOf(text: string): Owner | undefined {
  if (!/^\d+$/.test(text)) return undefined
  const id = Number(text)
  if (id <= maximumId) return { uid: id, gid: id }
  throw new OperationError('INVALID_ARGUMENT', `read the id ${text}`, { maximum: maximumId })
}

function accountOf(root: number, name: string): Owner {
  const fields = lineOf(root, '/etc/passwd', name)
  const [uid, gid] = [Number(fields?.[2]), Number(fields?.[3])]
  if (isId(uid) && isId(gid)) return { uid, gid }
  throw unknown('user', name, '/etc/passwd')
}

function groupOf(root: number, name: string): number {
  const number = numberOf(name)
  if (number) return number.gid
  const gid = Number(lineOf(root, '/etc/group', name)?.[2])
  if (isId(gid)) return gid
  throw unknown('group', name, '/etc/group')
}

function isId(value: number): boolean {
  return Number.isInteger(value) && value >= 0 && value <= maximumId
}

function lineOf(root: number, path: string, name: string): string[] | undefined {
  const lines = (readSmallFile(root, path) ?? '').split('\n').map((line) => line.split(':'))
  return lines.find((fields) => fields[0] === name && /^\d+$/.test(fields[2] ?? ''))
}

/** A regular file of sane size and nothing else: a FIFO would hold us up (CVE-2024-9676). */
function readSmallFile(root: number, path: string): string | undefined {
  const file = openAt2(root, path, {
    flags: openFlags.path,
    resolve: resolveFlags.inRoot | resolveFlags.noMagicLinks,
  })
  if (file < 0) return undefined
  try {
    const status = fstatSync(file)
    if (!status.isFile() || status.size > maximumSize) return undefined
    const opened = openSync(`/proc/self/fd/${file}`, constants.O_RDONLY | constants.O_NONBLOCK)
    try {
      return readFileSync(opened, 'utf8')
    } finally {
      closeSync(opened)
    }
  } finally {
    closeFile(file)
  }
}

function unknown(kind: string, name: string, file: string): OperationError {
  return new OperationError(
    'NOT_FOUND',
    `find the ${kind} ${name}`,
    { file },
    { hint: `Give a number, or a name that ${file} of this stage has`, exitCode: 1 },
  )
}
