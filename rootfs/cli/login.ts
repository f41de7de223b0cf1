import type { Command } from 'commander'
import { OperationError } from '../../native/error.ts'
import type { Credential } from '../credentials/credential.ts'
import { defaultDomain, parseReference } from '../reference.ts'
import { askPerson } from './ask-person.ts'
import { withStore } from './register.ts'
import { type RegistryFlags, readBoolean, withRegistries } from './registry-flags.ts'

interface LoginFlags extends RegistryFlags {
  readonly username?: string
  readonly password?: string
  readonly passwordStdin?: true
  readonly getLogin?: true
}

/** `myimage login`. */
export function addLogin(program: Command): void {
  const command = program
    .command('login')
    .description('Check a user name and password with a registry and keep them')
    .argument('[registry]', 'host[:port], or host/namespace; docker.io when absent')
    .option('-u, --username <name>', 'user name')
    .option('-p, --password <password>', 'password; other users can see it in the process list')
    .option('--password-stdin', 'read the password from standard input')
    .option('--get-login', 'print who is logged in')
    .option('--authfile <file>', 'where credentials are kept')
    .option('--tls-verify [boolean]', 'HTTPS with a known certificate', readBoolean)
    .option('--cert-dir <folder>', 'certificates for the registry')
  withStore(command, async (context, registry: string | undefined, flags: LoginFlags) => {
    const key = registryKey(registry)
    if (flags.getLogin) return context.print(await loggedIn(key, flags))
    const credential = await readLogin(key, flags)
    await withRegistries({ ...flags, credential }, context.note, async (access) => {
      const { checkLogin } = await import('../registry-client/check-login.ts')
      const { client } = await access.pushTo(parseReference(`${hostOf(key)}/login`))
      await checkLogin(client)
    })
    const { storeCredential } = await import('../credentials/store-credential.ts')
    await storeCredential(key, credential, search(flags))
    context.print('Login Succeeded!')
  })
}

interface LogoutFlags extends RegistryFlags {
  readonly all?: true
}

/** `myimage logout`. */
export function addLogout(program: Command): void {
  const command = program
    .command('logout')
    .description('Forget the credential of a registry')
    .argument('[registry]', 'host[:port], or host/namespace; docker.io when absent')
    .option('-a, --all', 'of all registries')
    .option('--authfile <file>', 'where credentials are kept')
  withStore(command, async (context, registry: string | undefined, flags: LogoutFlags) => {
    const stored = await import('../credentials/store-credential.ts')
    if (flags.all) {
      await stored.removeAllCredentials(search(flags))
      return context.print('Removed login credentials for all registries')
    }
    const key = registryKey(registry)
    await stored.removeCredential(key, search(flags))
    context.print(`Removed login credentials for ${key}`)
  })
}

function search(flags: RegistryFlags): {
  authFile: string | undefined
  environment: NodeJS.ProcessEnv
} {
  return { authFile: flags.authfile, environment: process.env }
}

/** As a user writes it, with or without a scheme. @throws {OperationError} `INVALID_ARGUMENT` */
function registryKey(text: string = defaultDomain): string {
  const key = text.replace(/^https?:\/\//, '').replace(/\/+$/, '')
  const host = hostOf(key)
  const isHost = /[.:]/.test(host) || host === 'localhost'
  if (isHost) parseReference(`${key}/name`)
  else
    throw new OperationError(
      'INVALID_ARGUMENT',
      'read the name of a registry',
      { registry: text },
      { hint: 'Write it as host or host:port' },
    )
  return host === `index.${defaultDomain}` ? defaultDomain : key
}

function hostOf(key: string): string {
  return key.split('/')[0] ?? key
}

async function loggedIn(key: string, flags: LoginFlags): Promise<string> {
  const { findCredential } = await import('../credentials/find-credential.ts')
  const slash = key.indexOf('/')
  const namespace = slash === -1 ? undefined : key.slice(slash + 1)
  const found = await findCredential(hostOf(key), namespace, search(flags))
  if (found?.kind === 'password') return found.username
  if (found) return '<token>'
  throw new OperationError('NOT_FOUND', 'get login', { registry: key }, { hint: 'Not logged in' })
}

/** From the flags, standard input, or the person at the terminal. */
async function readLogin(key: string, flags: LoginFlags): Promise<Credential> {
  if (flags.passwordStdin && flags.password !== undefined)
    throw new OperationError('INVALID_ARGUMENT', 'log in', {
      reason: '--password and --password-stdin exclude each other',
    })
  if (flags.passwordStdin && flags.username === undefined)
    throw new OperationError('INVALID_ARGUMENT', 'log in', {
      reason: '--password-stdin needs --username',
    })
  const username = flags.username ?? (await askPerson(`Username for ${key}: `, true))
  const password = flags.passwordStdin
    ? await readInput()
    : (flags.password ?? (await askPerson('Password: ', false)))
  if (username === '' || username.includes(':') || password === '')
    throw new OperationError('INVALID_ARGUMENT', 'log in', {
      reason: 'the user name or the password is empty, or the name has a colon',
    })
  return { kind: 'password', username, password }
}

const maxPassword = 64 * 1024

async function readInput(): Promise<string> {
  const pieces: Buffer[] = []
  let size = 0
  for await (const piece of process.stdin as AsyncIterable<Buffer>) {
    size += piece.length
    if (size > maxPassword)
      throw new OperationError('INVALID_ARGUMENT', 'read a password', { limit: maxPassword })
    pieces.push(piece)
  }
  return Buffer.concat(pieces)
    .toString()
    .replace(/\r?\n$/, '')
}
