import { OperationError } from '../../native/error.ts'
import type { Action } from './exchange.ts'
import { isRepositoryName } from './names.ts'
import { openReloadedFile } from './reloaded-file.ts'

/** Who may do what. */
export interface AccessRules {
  /** @param user undefined for somebody who did not log in */
  allows(user: string | undefined, action: Action, repository: string): boolean
}

interface Rule {
  readonly user: string
  readonly repository: RegExp
  readonly actions: ReadonlySet<string>
}

const allActions: readonly Action[] = ['pull', 'push', 'delete']
/** In the file, for those who did not log in. */
const anonymous = 'anonymous'

/** Every user may do everything; who did not log in may pull, where that is allowed. */
export function equalAccess(anonymousPull: boolean): AccessRules {
  return { allows: (user, action) => user !== undefined || (anonymousPull && action === 'pull') }
}

/**
 * Rules of a file, read again when it changes. What no line allows is refused.
 *
 * @param onFailure gets what is wrong with a changed file
 * @throws {OperationError} `NOT_FOUND`, `INVALID_ARGUMENT`
 */
export function openAccessFile(
  path: string,
  anonymousPull: boolean,
  onFailure: (error: unknown) => void,
): AccessRules {
  const file = openReloadedFile(path, (text) => parseAccessRules(text, path), onFailure)
  return {
    allows: (user, action, repository) =>
      (anonymousPull && action === 'pull') ||
      file.current().some((rule) => applies(rule, user, action, repository)),
  }
}

function applies(
  rule: Rule,
  user: string | undefined,
  action: Action,
  repository: string,
): boolean {
  // Nobody is called "anonymous" or "*": a user of that name has only what others have too.
  const isMeant =
    user === undefined
      ? rule.user === anonymous
      : rule.user === '*' || (rule.user === user && user !== anonymous)
  return isMeant && rule.actions.has(action) && rule.repository.test(repository)
}

/**
 * Lines of `user repository actions`: "*" is every user who logged in, "anonymous" one who did not;
 * in a repository "*" stands for one part of the name, "**" for any number; actions are pull, push and
 * delete with commas, or "*".
 *
 * @throws {OperationError} `INVALID_ARGUMENT` with the line
 */
export function parseAccessRules(text: string, path: string): Rule[] {
  const rules: Rule[] = []
  for (const [at, line] of text.split(/\r?\n/).entries()) {
    const words = line
      .replace(/(?:^|\s)#.*$/, '')
      .trim()
      .split(/\s+/)
    if (words[0] === '') continue
    const [user, repository, actions] = words
    if (user === undefined || repository === undefined || actions === undefined || words.length > 3)
      throw malformed(path, at, 'it is not "user repository actions"')
    rules.push({
      user,
      repository: repositoryPattern(repository, path, at),
      actions: readActions(actions, path, at),
    })
  }
  return rules
}

function repositoryPattern(text: string, path: string, at: number): RegExp {
  if (!isRepositoryName(text.replaceAll('*', 'a')))
    throw malformed(path, at, 'the repository is malformed')
  const source = text
    .replaceAll('.', '\\.')
    .replaceAll(/\*{1,2}/g, (stars) => (stars === '**' ? '.*' : '[^/]*'))
  return new RegExp(`^${source}$`)
}

function readActions(text: string, path: string, at: number): ReadonlySet<string> {
  if (text === '*') return new Set(allActions)
  const actions = text.split(',')
  for (const action of actions)
    if (!allActions.some((known) => known === action))
      throw malformed(path, at, 'actions are pull, push and delete, or *')
  return new Set(actions)
}

function malformed(path: string, at: number, reason: string): OperationError {
  return new OperationError(
    'INVALID_ARGUMENT',
    'read the access file',
    { path, line: at + 1, reason },
    { hint: 'Write lines such as "alice team/** pull,push"' },
  )
}
