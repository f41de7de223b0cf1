import { invalidValue } from './invalid-value.ts'

/** Largest id that runtimes accept: ids are signed 32-bit in more places than the kernel. */
export const maximumId = 2 ** 31 - 1

export type UserPart = { readonly id: number } | { readonly name: string }

export interface UserSpec {
  readonly user: UserPart
  readonly group?: UserPart | undefined
}

/**
 * Read `NAME|UID[:GROUP|GID]`. All-digit text is an id, never a name; anything that looks like a
 * number but is none (`-1`, ` 0`, 2³²) is refused rather than looked up: falling through to a
 * name, or wrapping around, has made root of users before (CVE-2026-30892, CVE-2024-40635).
 * @throws {OperationError} INVALID_ARGUMENT
 */
export function parseUser(text: string): UserSpec {
  const [user = '', group, ...rest] = text.split(':')
  if (rest.length > 0 || user === '' || group === '')
    throw invalidValue('user', text, 'Write NAME or UID, with :GROUP or :GID where wanted')
  return {
    user: parsePart(user, text),
    ...(group === undefined ? {} : { group: parsePart(group, text) }),
  }
}

/** Read one `--group-add` value. */
export function parseGroup(text: string): UserPart {
  return parsePart(text, text)
}

function parsePart(part: string, whole: string): UserPart {
  if (/^\d+$/.test(part)) {
    const id = Number(part)
    if (id > maximumId)
      throw invalidValue('user', whole, `An id must lie between 0 and ${maximumId}`)
    return { id }
  }
  // The same set as useradd(8) takes, plus what directory services use.
  if (/^[A-Za-z_][A-Za-z0-9_.@\\-]*\$?$/.test(part) && part.length <= 256) return { name: part }
  if (
    /^\d[A-Za-z0-9_.@-]*$/.test(part) &&
    /[A-Za-z]/.test(part) &&
    !/^0[xob]/i.test(part) &&
    part.length <= 256
  )
    return { name: part }
  throw invalidValue('user', whole, 'That is neither a number nor a user name')
}
