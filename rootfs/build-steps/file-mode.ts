import { OperationError } from '../../native/error.ts'

/** Gives a file its new permission bits. */
export type ChangeMode = (mode: number, isFolder: boolean) => number

const clausePattern = /^([ugoa]*)((?:[-+=](?:[ugo]|[rwxXst]*))+)$/
const actionPattern = /([-+=])([ugo]|[rwxXst]*)/g
const shifts = { u: 6, g: 3, o: 0 } as const

/**
 * `--chmod`: octal (`755`, `0644`, `4755`) or symbolic (`u=rwX,go=rX`, `a+x`), as chmod(1) reads it.
 *
 * @throws {OperationError} `INVALID_ARGUMENT`
 */
export function parseChangeMode(text: string): ChangeMode {
  if (/^[0-7]{1,5}$/.test(text) && Number.parseInt(text, 8) <= 0o7777) {
    const mode = Number.parseInt(text, 8)
    return () => mode
  }
  const clauses = text.split(',').map((clause) => clausePattern.exec(clause))
  if (clauses.some((clause) => clause === null))
    throw new OperationError(
      'INVALID_ARGUMENT',
      `read the mode ${text}`,
      {},
      { hint: 'Give octal digits like 755, or clauses like u=rwX,go=rX' },
    )
  return (mode, isFolder) => {
    let changed = mode
    for (const clause of clauses)
      for (const [, operator = '', what = ''] of (clause?.[2] ?? '').matchAll(actionPattern))
        changed = applyAction(changed, { who: clause?.[1] ?? '', operator, what, isFolder })
    return changed
  }
}

interface Action {
  readonly who: string
  readonly operator: string
  readonly what: string
  readonly isFolder: boolean
}

function applyAction(mode: number, { who, operator, what, isFolder }: Action): number {
  const everybody = who === '' || who.includes('a')
  let bits = 0
  let mask = 0
  for (const [name, shift] of Object.entries(shifts)) {
    if (!everybody && !who.includes(name)) continue
    bits |= permissionBits(mode, what, isFolder) << shift
    mask |= 0o7 << shift
  }
  if (what.includes('s')) {
    if (everybody || who.includes('u')) bits |= 0o4000
    if (everybody || who.includes('g')) bits |= 0o2000
  }
  if (what.includes('t')) bits |= 0o1000
  if (operator === '+') return mode | bits
  if (operator === '-') return mode & ~bits
  // As chmod(1): a folder keeps its setuid and setgid bits unless they are named.
  const special = isFolder
    ? 0
    : (everybody || who.includes('u') ? 0o4000 : 0) | (everybody || who.includes('g') ? 0o2000 : 0)
  return (mode & ~mask & ~special) | bits
}

function permissionBits(mode: number, what: string, isFolder: boolean): number {
  if (what === 'u' || what === 'g' || what === 'o') return (mode >> shifts[what]) & 0o7
  const runs = isFolder || (mode & 0o111) !== 0
  return (
    (what.includes('r') ? 4 : 0) |
    (what.includes('w') ? 2 : 0) |
    (what.includes('x') || (what.includes('X') && runs) ? 1 : 0)
  )
}
