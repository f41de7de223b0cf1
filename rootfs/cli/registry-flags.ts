import type { Command } from 'commander'
import { OperationError } from '../../native/error.ts'
import type { Credential } from '../credentials/credential.ts'
import type { RegistryAccess } from '../registry-client/registry-access.ts'

// Flags that every command with a registry has, named as podman and skopeo name them.

export interface RegistryFlags {
  readonly authfile?: string
  readonly creds?: string
  readonly tlsVerify?: boolean
  readonly certDir?: string
  /** Not a flag: read already. */
  readonly credential?: Credential
}

export interface TransferFlags extends RegistryFlags {
  readonly jobs?: number
  readonly quiet?: true
}

export function addRegistryFlags(command: Command): Command {
  return command
    .option('--authfile <file>', 'where credentials are kept')
    .option('--creds <user:password>', 'use this in place of stored credentials')
    .option(
      '--tls-verify [boolean]',
      'HTTPS with a known certificate (default, not on localhost)',
      readBoolean,
    )
    .option('--cert-dir <folder>', 'certificates for the registry: *.crt, *.cert, *.key')
}

export function addTransferFlags(command: Command): Command {
  return addRegistryFlags(command)
    .option('--jobs <number>', 'layers at once', readCount)
    .option('-q, --quiet', 'no progress')
}

export function readBoolean(text: string): boolean {
  if (['true', '1', 't', 'yes'].includes(text.toLowerCase())) return true
  if (['false', '0', 'f', 'no'].includes(text.toLowerCase())) return false
  throw new OperationError('INVALID_ARGUMENT', 'read a flag', {
    flag: '--tls-verify',
    value: text,
    expected: 'true or false',
  })
}

function readCount(text: string): number {
  const count = Number(text)
  if (Number.isInteger(count) && count >= 1 && count <= 64) return count
  throw new OperationError('INVALID_ARGUMENT', 'read a flag', {
    flag: '--jobs',
    value: text,
    expected: 'a number from 1 to 64',
  })
}

/** @throws {OperationError} `INVALID_ARGUMENT` */
export function readCredential(text: string): Credential {
  const colon = text.indexOf(':')
  if (colon > 0)
    return { kind: 'password', username: text.slice(0, colon), password: text.slice(colon + 1) }
  throw new OperationError('INVALID_ARGUMENT', 'read a flag', {
    flag: '--creds',
    expected: 'user:password',
  })
}

/** Run `work` with the registries that the flags describe. */
export async function withRegistries<Result>(
  flags: RegistryFlags,
  onNote: (note: string) => void,
  work: (access: RegistryAccess) => Promise<Result>,
): Promise<Result> {
  const { openRegistryAccess } = await import('../registry-client/registry-access.ts')
  const access = openRegistryAccess({
    authFile: flags.authfile,
    credential: flags.creds === undefined ? flags.credential : readCredential(flags.creds),
    tlsVerify: flags.tlsVerify,
    certDir: flags.certDir,
    environment: process.env,
    onNote,
  })
  try {
    return await work(access)
  } finally {
    access.close()
  }
}
