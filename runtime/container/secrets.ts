import { chmodSync, chownSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { OperationError } from '../../native/error.ts'
import { readSecret, requireSecret } from '../secret/secret-store.ts'
import type { Config } from '../spec/config.ts'
import type { ContainerFolder } from './container-folder.ts'
import { hostIdOf } from './file-view/map-id.ts'
import type { ContainerOptions, SecretOption } from './options.ts'
import { mergeEnvironment } from './parse/environment.ts'

/**
 * Copy the secrets that a container asks for into its folder: it keeps what it was made with.
 *
 * @throws {OperationError} `NOT_FOUND`; `INVALID_ARGUMENT` for a variable with a zero byte
 */
export function copySecrets(
  dataDir: string,
  folder: Pick<ContainerFolder, 'secrets'>,
  wanted: readonly SecretOption[],
): void {
  mkdirSync(folder.secrets, { mode: 0o700 })
  for (const [at, { type, source, target }] of wanted.entries()) {
    const data = readSecret(dataDir, requireSecret(dataDir, source))
    if (type === 'env' && data.includes(0))
      throw new OperationError(
        'INVALID_ARGUMENT',
        `pass the secret ${source} as a variable`,
        { variable: target },
        { hint: 'It has a zero byte, which no variable can have: use type=mount' },
      )
    writeFileSync(join(folder.secrets, String(at)), data, { mode: 0o600 })
  }
}

/** The configuration of a start with the container's secrets: files bound read-only, and variables. */
export function withSecrets(
  config: Config,
  folder: Pick<ContainerFolder, 'secrets'>,
  { secrets = [] }: Pick<ContainerOptions, 'secrets'>,
): Config {
  const files = secrets.flatMap((secret, at) => {
    if (secret.type !== 'mount') return []
    const source = join(folder.secrets, String(at))
    giveTo(config, source, secret)
    const options = ['bind', 'rprivate', 'ro', 'nosuid', 'nodev', 'noexec']
    return [{ destination: secret.target, type: 'bind', source, options }]
  })
  const variables = secrets.flatMap(({ type, target }, at) =>
    type === 'env' ? [`${target}=${readFileSync(join(folder.secrets, String(at)), 'utf8')}`] : [],
  )
  const { process, mounts = [] } = config
  return {
    ...config,
    mounts: [...mounts, ...files],
    ...(process
      ? { process: { ...process, env: mergeEnvironment(process.env ?? [], variables) } }
      : {}),
  }
}

/** The owner is named by ids of the container, which a user namespace maps to others. */
function giveTo(
  { linux }: Config,
  path: string,
  { target, uid, gid, mode }: Extract<SecretOption, { type: 'mount' }>,
): void {
  const owner = hostIdOf(linux?.uidMappings ?? [], uid)
  const group = hostIdOf(linux?.gidMappings ?? [], gid)
  if (owner === undefined || group === undefined)
    throw new OperationError(
      'INVALID_ARGUMENT',
      `give the secret ${target} to a user`,
      { uid, gid },
      { hint: 'Its user namespace has no such id' },
    )
  chownSync(path, owner, group)
  chmodSync(path, mode)
}
