import { OperationError } from '../../../native/error.ts'

/** Of https://www.sqlite.org/rescode.html: the low byte of an extended code is the primary one. */
const codes = { BUSY: 5, IOERR: 10, CORRUPT: 11, FULL: 13, CANTOPEN: 14, NOTADB: 26 } as const

/** The primary result code of a failure of SQLite; undefined for any other. */
function sqliteCode(error: unknown): number | undefined {
  const { errcode } = error as { errcode?: unknown }
  return typeof errcode === 'number' ? errcode & 0xff : undefined
}

/** Whether somebody else holds it. */
export function isBusy(error: unknown): boolean {
  return sqliteCode(error) === codes.BUSY
}

/** Whether the file is no database at all. */
export function isNoDatabase(error: unknown): boolean {
  return sqliteCode(error) === codes.NOTADB
}

/** What SQLite says with the file that it says it of, and what can be done; other failures as they are. */
export function explainFailure(cause: unknown, path: string): unknown {
  switch (sqliteCode(cause)) {
    case codes.FULL:
      return new OperationError(
        'SYSCALL_FAILED',
        'write to the store: its disk is full',
        { path, errno: 'ENOSPC' },
        { cause, exitCode: 1, hint: 'Make room there; nothing of the request was written' },
      )
    case codes.IOERR:
    case codes.CANTOPEN:
      return new OperationError(
        'SYSCALL_FAILED',
        'use the store',
        { path },
        { cause, exitCode: 1, hint: 'See whether its disk is there, has room and can be written' },
      )
    case codes.CORRUPT:
    case codes.NOTADB:
      return damagedStore(path, { cause })
    default:
      return cause
  }
}

/** @param why what is wrong with it, in the words of who found out */
export function damagedStore(
  path: string,
  { why, cause }: { readonly why?: string; readonly cause?: unknown },
): OperationError {
  return new OperationError(
    'INVALID_ARGUMENT',
    'open the store: it is damaged',
    { path, ...(why === undefined ? {} : { why }) },
    {
      cause,
      exitCode: 1,
      hint: 'Put a backup in its place with "myorch restore"; what is there is kept beside it',
    },
  )
}
