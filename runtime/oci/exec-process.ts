import { readFileSync } from 'node:fs'
import { OperationError } from '../../native/error.ts'
import type { ParsedFlags } from '../cli/parsed-flags.ts'
import { requireValid } from '../spec/problem.ts'
import { parseJson } from '../spec/json.ts'
import type { Capabilities, Process, User } from '../spec/config.ts'
import { processSchema } from '../spec/process.ts'

/** `--process FILE`: a whole process section, as engines write it. @throws {OperationError} `INVALID_SPEC` */
export function readProcessSection(path: string): Process {
  const value = parseJson(readText(path), { what: path })
  return requireValid(value, processSchema(), [], `check ${path}`)
}

function readText(path: string): string {
  try {
    return readFileSync(path === '-' ? 0 : path, 'utf8')
  } catch (cause) {
    throw new OperationError('NOT_FOUND', 'read the process section', { path }, { cause })
  }
}

/** The container's own process section, with what the command line wants otherwise. */
export function processFromFlags(
  flags: ParsedFlags,
  args: readonly string[],
  own: Process | undefined,
): Process {
  if (args.length === 0)
    throw new OperationError(
      'INVALID_ARGUMENT',
      'process args cannot be empty',
      {},
      { hint: 'Name the program behind the container, or a file with --process' },
    )
  const base = own ?? { cwd: '/', user: { uid: 0, gid: 0 } }
  const label = flags.string('process-label')
  const profile = flags.string('apparmor')
  return {
    ...base,
    args: [...args],
    terminal: flags.bool('tty'),
    cwd: flags.string('cwd') ?? base.cwd,
    env: withVariables(base.env ?? [], flags.list('env')),
    user: withGroups(userOf(flags.string('user'), base.user), flags.list('additional-gids')),
    capabilities: withCapabilities(base.capabilities, flags.list('cap')),
    noNewPrivileges: flags.has('no-new-privs')
      ? flags.bool('no-new-privs')
      : (base.noNewPrivileges ?? false),
    ...(label === undefined ? {} : { selinuxLabel: label }),
    ...(profile === undefined ? {} : { apparmorProfile: profile }),
  }
}

/** A variable of the command line takes the place of its own: of two of one name programs see the first. */
function withVariables(own: readonly string[], given: readonly string[]): string[] {
  const nameOf = (line: string): string => line.split('=', 1)[0] ?? ''
  const names = new Set(given.map(nameOf))
  return [...own.filter((line) => !names.has(nameOf(line))), ...given]
}

/** Largest id that a file can have; 2^32 - 1 means "leave it" to chown(2). */
const largestId = 4_294_967_294

/** `UID[:GID]`, in plain decimal (CVE-2026-30892: what cannot be read must not become root). */
function userOf(text: string | undefined, own: User): User {
  if (text === undefined) return own
  const match = /^(\d{1,10})(?::(\d{1,10}))?$/.exec(text)
  const [uid, gid] = [Number(match?.[1]), Number(match?.[2] ?? own.gid)]
  if (match && uid <= largestId && gid <= largestId) return { ...own, uid, gid }
  throw new OperationError(
    'INVALID_ARGUMENT',
    `use the user ${JSON.stringify(text)}`,
    {},
    { hint: 'Give numbers: UID or UID:GID' },
  )
}

function withGroups(user: User, groups: readonly string[]): User {
  const ids = groups.flatMap((text) => text.split(',')).map(Number)
  const isWrong = ids.some((id) => !Number.isInteger(id) || id < 0 || id > largestId)
  if (isWrong)
    throw new OperationError(
      'INVALID_ARGUMENT',
      'use the additional groups',
      { value: groups.join(',') },
      { hint: 'Give numbers' },
    )
  return ids.length === 0
    ? user
    : { ...user, additionalGids: [...(user.additionalGids ?? []), ...ids] }
}

/** Added to all sets but the inheritable one, which would survive a change of user (CVE-2022-29162). */
function withCapabilities(
  own: Capabilities | undefined,
  added: readonly string[],
): Capabilities | undefined {
  if (added.length === 0) return own
  const join = (set: readonly string[] = []): string[] => [...new Set([...set, ...added])]
  return {
    ...own,
    bounding: join(own?.bounding),
    effective: join(own?.effective),
    permitted: join(own?.permitted),
  }
}
