import { createPrivateKey, X509Certificate } from 'node:crypto'
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { describeError, OperationError } from '../../native/error.ts'
import type { KeyPair } from './certificates.ts'

/** Which pair, and what is done about one that is of no use any more. */
export interface KeptPairOptions {
  /** PEM of who signed it. Absent: others trust the pair itself, so that another one would not do. */
  readonly authority?: string
}

/** A pair that is about to end is made anew: 30 days. */
const lastDays = 30 * 24 * 60 * 60 * 1000

/**
 * A pair kept in a folder: read, or made and written (keys mode 0600) the first time. One that an authority signed is made
 * anew when it is damaged or runs out.
 * @throws {OperationError} `INVALID_ARGUMENT` for a pair that is damaged and that nobody can make anew
 */
export async function keptPair(
  folder: string,
  name: string,
  make: () => Promise<KeyPair>,
  { authority }: KeptPairOptions = {},
): Promise<KeyPair> {
  const certificatePath = join(folder, `${name}.crt`)
  const keyPath = join(folder, `${name}.key`)
  const isThere = existsSync(certificatePath) || existsSync(keyPath)
  const pair = isThere ? readPair(certificatePath, keyPath) : undefined
  if (pair && 'key' in pair) {
    if (authority === undefined || isGood(pair, authority)) return pair
  } else if (pair && authority === undefined && wasInUse(folder)) throw damaged(pair)
  const made = await make()
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  // The certificate comes last: without any the folder was never in use.
  rmSync(certificatePath, { force: true })
  writeWhole(keyPath, made.key, 0o600)
  writeWhole(certificatePath, made.certificate, 0o644)
  return made
}

const wasInUse = (folder: string): boolean =>
  readdirSync(folder).some((name) => name.endsWith('.crt'))

interface Damage {
  readonly path: string
  readonly other: string
  readonly why: string
}

function readPair(certificatePath: string, keyPath: string): KeyPair | Damage {
  const damage = (path: string, error: unknown): Damage => ({
    path,
    other: path === keyPath ? certificatePath : keyPath,
    why:
      error instanceof Error && 'syscall' in error ? describeError(error) : 'not as it was written',
  })
  let key: string
  try {
    key = readFileSync(keyPath, 'utf8')
    createPrivateKey(key)
  } catch (error) {
    return damage(keyPath, error)
  }
  try {
    const certificate = readFileSync(certificatePath, 'utf8')
    if (new X509Certificate(certificate).checkPrivateKey(createPrivateKey(key)))
      return { certificate, key }
    return { path: keyPath, other: certificatePath, why: 'not the key of the certificate' }
  } catch (error) {
    return damage(certificatePath, error)
  }
}

/** Whether the authority signed it, and for longer than a month still. */
export function isGood({ certificate }: Pick<KeyPair, 'certificate'>, authority: string): boolean {
  const own = new X509Certificate(certificate)
  const left = Date.parse(own.validTo) - Date.now()
  return left > lastDays && own.verify(new X509Certificate(authority).publicKey)
}

function damaged({ path, other, why }: Damage): OperationError {
  return new OperationError(
    'INVALID_ARGUMENT',
    'read a key of the cluster',
    { path, why },
    {
      exitCode: 1,
      hint: `Put back what was there; or remove it together with ${other}: then new ones are made, and whoever trusts the old ones has to be told`,
    },
  )
}

function writeWhole(path: string, text: string, mode: number): void {
  writeFileSync(`${path}.tmp`, text, { mode, flush: true })
  renameSync(`${path}.tmp`, path)
}
