import { existsSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { OperationError } from '../../native/error.ts'
import { packageRoot, shimPath } from '../../native/paths.ts'
import { hasWayOut } from '../network/way-out.ts'
import type { EngineContext } from './engine-context.ts'
import { ownsNetworkNamespace } from './namespace-members.ts'
import type { ContainerOptions } from './options.ts'

const isolatedNote =
  'note: containers reach one another, but nothing outside this machine: for an ordinary user that takes slirp4netns or pasta (Debian: apt install slirp4netns), or --network host'
const failedNote = (path: string): string =>
  `note: containers reach one another, but nothing outside this machine, for what should lead out has ended; ${path} has its words. --network host needs none`
const singleIdNote =
  'note: this user has no range in /etc/subuid and /etc/subgid (or newuidmap is missing): containers know one user, root, which is you; files and programs of other users do not work in them'

/**
 * See to it that this process can start a container of an ordinary user, before anything is made;
 * does nothing for root. A command that sits in the host's network namespace, and needs the one
 * with the user's bridges, is started again there.
 *
 * @param note told what such a container lacks
 * @throws {OperationError} `UNSUPPORTED` for what cannot be had without root
 */
export function prepareRootless(
  context: EngineContext,
  options: ContainerOptions,
  note: (text: string) => void,
): void {
  const { env, folders } = context
  const mapping = env['MYCONTAINER_USERNS']
  if (!context.facts.rootless || mapping === undefined) return
  if (mapping === 'none') refuseNamespace()
  if (mapping === 'single') {
    refuseGroups(options)
    noteOnce(join(folders.runDir, 'told-single-id'), () => note(singleIdNote))
  }
  const { kind } = options.network.mode
  const isBridged = kind === 'bridge' || kind === 'networks'
  if (kind === 'host' && ownsNetworkNamespace(env)) refuseHostNetwork()
  if (!isBridged) return
  if (!ownsNetworkNamespace(env)) enterNetworkNamespace(env)
  if (!hasWayOut(env)) note(lackOfWayOut(folders))
}

function lackOfWayOut({ runDir }: EngineContext['folders']): string {
  const words = join(runDir, 'way-out.log')
  const isTold = (statSync(words, { throwIfNoEntry: false })?.size ?? 0) > 0
  return isTold ? failedNote(words) : isolatedNote
}

/**
 * @throws {OperationError} `UNSUPPORTED` in a process of an ordinary user that the launcher has not
 *   brought into the user's namespaces: a program that uses the library by itself
 */
export function requireNamespaces({ facts }: EngineContext): void {
  if (facts.euid === 0) return
  throw new OperationError(
    'UNSUPPORTED',
    'run a container as an ordinary user from this process',
    { euid: facts.euid },
    {
      hint: 'It is in no user namespace, and cannot enter one any more: use the command mycontainer, or run it as root',
    },
  )
}

function refuseNamespace(): never {
  throw new OperationError(
    'UNSUPPORTED',
    'make a user namespace for this user',
    {},
    { hint: 'The kernel refused it; "mycontainer doctor" says why, or run it as root' },
  )
}

function refuseGroups({ groupAdd }: ContainerOptions): void {
  if (groupAdd.length === 0) return
  throw new OperationError(
    'UNSUPPORTED',
    'use --group-add',
    { groups: groupAdd.join(' ') },
    {
      hint: 'A user with a single mapped id has no further groups; have root add ranges: usermod --add-subuids 100000-165535 --add-subgids 100000-165535 USER',
    },
  )
}

function refuseHostNetwork(): never {
  throw new OperationError(
    'UNSUPPORTED',
    'use --network host',
    {},
    {
      hint: 'This process has left the host’s network namespace for that of the user’s containers; set MYCONTAINER_NO_ENGINE=1 where an engine serves',
    },
  )
}

/** Never comes back: the launcher enters, and starts this command from the beginning. */
function enterNetworkNamespace(env: EngineContext['env']): never {
  // The launcher has done what it could: again would be for ever.
  if (env['MYCONTAINER_NETNS'] !== 'host' || !process.execve)
    throw new OperationError('UNSUPPORTED', 'make a network namespace for this user', {})
  const words = ['mycontainer-shim', 'client', 'mycontainer', packageRoot, ...process.argv.slice(2)]
  return process.execve(shimPath, words, { ...process.env, MYCONTAINER_NETNS: 'own' })
}

/** Once a boot is enough for what concerns the user and not the container. */
function noteOnce(marker: string, tell: () => void): void {
  if (existsSync(marker)) return
  tell()
  writeFileSync(marker, '', { mode: 0o600 })
}
