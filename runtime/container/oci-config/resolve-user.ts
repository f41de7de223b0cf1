import { OperationError } from '../../../native/error.ts'
import { maximumId, parseGroup, parseUser } from '../parse/user.ts'
import type { UserPart } from '../parse/user.ts'

export interface ResolvedUser {
  readonly uid: number
  readonly gid: number
  /** The primary group first: without it, a file that denies that group would open (CVE-2022-36109). */
  readonly additionalGids: readonly number[]
  readonly home: string
  /** Absent for a number that passwd does not have. */
  readonly name?: string | undefined
}

export interface UserFiles {
  readonly passwd?: string | undefined
  readonly group?: string | undefined
}

interface PasswdEntry {
  readonly name: string
  readonly uid: number
  readonly gid: number
  readonly home: string
}

interface GroupEntry {
  readonly name: string
  readonly gid: number
  readonly members: readonly string[]
}

/**
 * Find who `user` is in the container's own files.
 * @param user as written by options or image; empty means root
 * @param groupAdd values of --group-add: names or numbers
 * @throws {OperationError} INVALID_ARGUMENT for a malformed user, NOT_FOUND for an unknown name
 */
export function resolveUser(
  user: string,
  groupAdd: readonly string[],
  files: UserFiles,
): ResolvedUser {
  const spec = parseUser(user === '' ? '0' : user)
  const groups = parseGroupFile(files.group ?? '')
  const entry = findUser(spec.user, parsePasswdFile(files.passwd ?? ''))
  const uid = entry?.uid ?? ('id' in spec.user ? spec.user.id : 0)
  const gid = spec.group ? findGroup(spec.group, groups) : (entry?.gid ?? 0)
  const own =
    spec.group || !entry ? [] : groups.filter(({ members }) => members.includes(entry.name))
  const added = groupAdd
    .filter((text) => text !== 'keep-groups')
    .map((text) => findGroup(parseGroup(text), groups))
  return {
    uid,
    gid,
    additionalGids: [...new Set([gid, ...own.map((group) => group.gid), ...added])],
    home: entry?.home || '/',
    ...(entry ? { name: entry.name } : {}),
  }
}

function findUser(part: UserPart, entries: readonly PasswdEntry[]): PasswdEntry | undefined {
  if ('id' in part) return entries.find(({ uid }) => uid === part.id)
  const entry = entries.find(({ name }) => name === part.name)
  if (entry) return entry
  throw new OperationError(
    'NOT_FOUND',
    `unable to find user ${part.name}: no matching entries in passwd file`,
    {},
    { hint: 'Give a number, or a name that /etc/passwd of the image has', exitCode: 125 },
  )
}

function findGroup(part: UserPart, groups: readonly GroupEntry[]): number {
  if ('id' in part) return part.id
  const entry = groups.find(({ name }) => name === part.name)
  if (entry) return entry.gid
  throw new OperationError(
    'NOT_FOUND',
    `unable to find group ${part.name}: no matching entries in group file`,
    {},
    { hint: 'Give a number, or a name that /etc/group of the image has', exitCode: 125 },
  )
}

/** passwd(5). Lines that are malformed or whose ids are out of range are passed over. */
function parsePasswdFile(text: string): PasswdEntry[] {
  return text.split('\n').flatMap((line) => {
    const [name = '', , uid = '', gid = '', , home = ''] = line.split(':')
    return name !== '' && isId(uid) && isId(gid)
      ? [{ name, uid: Number(uid), gid: Number(gid), home: home.startsWith('/') ? home : '' }]
      : []
  })
}

/** group(5), likewise. */
function parseGroupFile(text: string): GroupEntry[] {
  return text.split('\n').flatMap((line) => {
    const [name = '', , gid = '', members = ''] = line.split(':')
    return name !== '' && isId(gid)
      ? [{ name, gid: Number(gid), members: members.trim().split(',') }]
      : []
  })
}

function isId(text: string): boolean {
  return /^\d{1,10}$/.test(text) && Number(text) <= maximumId
}
