import { invalidValue } from '../../container/parse/invalid-value.ts'
import { parseEnvironmentEntry, parseEnvironmentFile } from '../../container/parse/environment.ts'
import { parseDetachKeys } from '../../container/parse/detach-keys.ts'
import { parseGroup, parseUser } from '../../container/parse/user.ts'
import type { ContainerOptions, StreamName } from '../../container/options.ts'
import type { ParsedFlags } from '../parsed-flags.ts'
import { alias, flag } from '../flag-spec.ts'
import type { FlagSpec } from '../flag-spec.ts'
import type { ReadContext } from './read-context.ts'

/** Who runs in the container, with which environment and streams. */
export function processFlags(): FlagSpec[] {
  return [
    flag('list', 'attach,a', 'Attach to STDIN, STDOUT or STDERR'),
    flag('bool', 'detach,d', 'Run container in background and print container ID'),
    flag('string', 'detach-keys', 'Override the key sequence for detaching a container'),
    flag('string', 'entrypoint', 'Overwrite the default ENTRYPOINT of the image'),
    flag('list', 'env,e', 'Set environment variables'),
    flag('list', 'env-file', 'Read in a file of environment variables'),
    flag('bool', 'env-host', 'Use all current host environment variables in container'),
    flag('list', 'env-merge', "Set variables from the image's: NAME='${NAME}-more'"),
    flag('string', 'group-entry', 'Line for /etc/group, with $GROUPNAME, $GID, $USERLIST'),
    flag('list', 'group-add', 'Add additional groups to join'),
    flag('bool', 'http-proxy', 'Pass the proxy variables of this environment'),
    flag(
      'bool',
      'init',
      'Run an init inside the container that forwards signals and reaps processes',
    ),
    flag('bool', 'interactive,i', 'Keep STDIN open even if not attached'),
    flag(
      'string',
      'passwd-entry',
      'Line for /etc/passwd, with $USERNAME, $UID, $GID, $NAME, $HOME',
    ),
    flag('int', 'preserve-fds', 'Pass a number of additional file descriptors into the container', {
      default: '0',
    }),
    alias('int', 'preserve-fd', 'preserve-fds'),
    flag('bool', 'sig-proxy', 'Proxy received signals to the process', { default: 'true' }),
    flag(
      'string',
      'systemd',
      'Run systemd in the container ("true", by its name|"false"|"always")',
      {
        default: 'true',
      },
    ),
    flag('bool', 'tty,t', 'Allocate a pseudo-TTY'),
    flag('string', 'tz', 'Set timezone in container'),
    flag('string', 'umask', 'Set umask in container', { default: '0022' }),
    flag('list', 'unsetenv', 'Unset environment default variables in container'),
    flag('bool', 'unsetenv-all', 'Unset all default environment variables in container'),
    flag('string', 'user,u', 'Username or UID (format: <name|uid>[:<group|gid>])'),
    flag('string', 'workdir,w', 'Working directory inside the container'),
  ]
}

type ProcessOptions = Pick<
  ContainerOptions,
  | 'entrypoint'
  | 'env'
  | 'envMerge'
  | 'unsetEnv'
  | 'unsetAllEnv'
  | 'workdir'
  | 'user'
  | 'groupAdd'
  | 'umask'
  | 'interactive'
  | 'tty'
  | 'detach'
  | 'attach'
  | 'detachKeys'
  | 'sigProxy'
  | 'preserveFds'
  | 'init'
  | 'systemd'
  | 'passwdEntry'
  | 'groupEntry'
  | 'timezone'
>

/** @throws {OperationError} INVALID_ARGUMENT */
export function readProcessFlags(flags: ParsedFlags, context: ReadContext): ProcessOptions {
  const [entrypoint, umask, keys] = ['entrypoint', 'umask', 'detach-keys'].map((name) =>
    flags.string(name),
  )
  const user = flags.string('user')
  if (user !== undefined && user !== '') parseUser(user)
  const groupAdd = flags.list('group-add')
  for (const group of groupAdd) if (group !== 'keep-groups') parseGroup(group)
  return {
    ...(entrypoint === undefined ? {} : { entrypoint: readEntrypoint(entrypoint) }),
    env: readEnvironment(flags, context),
    ...(flags.has('env-merge') ? { envMerge: readMerged(flags) } : {}),
    unsetEnv: flags.list('unsetenv'),
    unsetAllEnv: flags.bool('unsetenv-all'),
    workdir: workdir(flags.string('workdir')),
    user,
    groupAdd,
    ...(umask === undefined ? {} : { umask: readUmask(umask) }),
    interactive: flags.bool('interactive'),
    tty: flags.bool('tty'),
    detach: flags.bool('detach'),
    attach: flags.list('attach').map(streamName),
    ...(keys === undefined ? {} : { detachKeys: parseDetachKeys(keys) }),
    sigProxy: flags.bool('sig-proxy', true),
    preserveFds: flags.number('preserve-fds') ?? 0,
    init: flags.bool('init'),
    ...readSystemd(flags.string('systemd')),
    ...readAccountEntry('passwdEntry', flags.string('passwd-entry'), 7),
    ...readAccountEntry('groupEntry', flags.string('group-entry'), 4),
    timezone: timezone(flags.string('tz'), context),
  }
}

function readSystemd(text: string | undefined): Pick<ContainerOptions, 'systemd'> {
  if (text === undefined) return {}
  if (text === 'true' || text === 'false' || text === 'always') return { systemd: text }
  throw invalidValue('systemd mode', text, 'The modes are true, false and always')
}

/** @param count of its fields: passwd(5), group(5) */
function readAccountEntry(
  key: 'passwdEntry' | 'groupEntry',
  text: string | undefined,
  count: number,
): Pick<ContainerOptions, 'passwdEntry' | 'groupEntry'> {
  if (text === undefined) return {}
  if (!text.includes('\n') && text.split(':').length === count) return { [key]: text }
  const example = count === 7 ? '$USERNAME:x:$UID:$GID::$HOME:/bin/sh' : '$GROUPNAME:x:$GID:'
  throw invalidValue('account entry', text, `Write ${count} fields, such as '${example}'`)
}

/** Empty resets the image's; a JSON array is taken apart (podman); else it is one word. */
function readEntrypoint(text: string): readonly string[] {
  if (text === '') return []
  if (!text.startsWith('[')) return [text]
  try {
    const list: unknown = JSON.parse(text)
    if (Array.isArray(list) && list.every((word) => typeof word === 'string')) return list
  } catch {
    // A program may be called `[`.
  }
  return [text]
}

/** The host's first, then files, then --env, so that the more deliberate one wins. */
export function readEnvironment(flags: ParsedFlags, { io, readText }: ReadContext): string[] {
  const host = flags.bool('env-host')
    ? Object.entries(io.env).map(([name, value]) => `${name}=${value ?? ''}`)
    : []
  const proxies = flags.bool('http-proxy') ? proxyVariables(io.env) : []
  const files = flags
    .list('env-file')
    .flatMap((path) => parseEnvironmentFile(readText(path), io.env, path))
  const entries = flags.list('env').map((entry) => parseEnvironmentEntry(entry, io.env))
  return [...host, ...proxies, ...files, ...entries.filter((entry) => entry !== undefined)]
}

const proxyNames = ['http_proxy', 'https_proxy', 'ftp_proxy', 'no_proxy', 'all_proxy']

function proxyVariables(env: ReadContext['io']['env']): string[] {
  return proxyNames
    .flatMap((name) => [name, name.toUpperCase()])
    .flatMap((name) => (env[name] === undefined ? [] : [`${name}=${env[name]}`]))
}

function readMerged(flags: ParsedFlags): readonly string[] {
  const entries = flags.list('env-merge')
  const wrong = entries.find((entry) => !/^[^=]+=/.test(entry))
  if (wrong === undefined) return entries
  throw invalidValue('variable', wrong, "Write NAME='text with ${OTHER}'")
}

function workdir(path: string | undefined): string | undefined {
  if (path === undefined || (path.startsWith('/') && !path.includes('\0'))) return path
  throw invalidValue('working directory', path, 'It must be an absolute path')
}

function readUmask(text: string): number {
  if (/^[0-7]{1,4}$/.test(text) && Number.parseInt(text, 8) <= 0o777)
    return Number.parseInt(text, 8)
  throw invalidValue('umask', text, 'Write octal digits, such as 0022')
}

function streamName(text: string): StreamName {
  const name = text.toLowerCase()
  if (name === 'stdin' || name === 'stdout' || name === 'stderr') return name
  throw invalidValue('stream', text, 'The streams are STDIN, STDOUT and STDERR')
}

/** Becomes TZ; `local` is the caller's own. */
function timezone(text: string | undefined, { io }: ReadContext): string | undefined {
  if (text === 'local') return io.env['TZ'] ?? Intl.DateTimeFormat().resolvedOptions().timeZone
  if (text === undefined || /^[A-Za-z0-9_+-]+(?:\/[A-Za-z0-9_+-]+)*$/.test(text)) return text
  throw invalidValue('timezone', text, 'Write a name such as Europe/Berlin, or local')
}
