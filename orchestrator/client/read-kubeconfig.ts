import { readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { OperationError } from '../../native/error.ts'
import { isObject, listAt, textAt, valueAt } from '../api/object.ts'
import { parseYaml } from '../server/parse-yaml.ts'
import type { ServerAddress } from './http-client.ts'

/** What one context of a kubeconfig says. */
export interface KubeconfigContext extends ServerAddress {
  /** In which one is where none is named. */
  readonly namespace: string | undefined
}

/**
 * Where a kubeconfig's current context leads, and as whom.
 * @param chosen another context than the current one
 * @throws OperationError INVALID_ARGUMENT when it names no cluster or user that is in it; plugins that fetch credentials are not run
 */
export async function readKubeconfig(path: string, chosen?: string): Promise<KubeconfigContext> {
  const config = await readConfig(path)
  const find = (list: string, name: string | undefined, field: string): unknown =>
    listAt(config, [list]).find((entry) => entry['name'] === name)?.[field]
  const context = find('contexts', chosen ?? textAt(config, ['current-context']), 'context')
  const cluster = find('clusters', textAt(context, ['cluster']), 'cluster')
  const user = find('users', textAt(context, ['user']), 'user')
  const server = textAt(cluster, ['server'])
  if (server === undefined || !isObject(user))
    throw unusable(
      path,
      chosen === undefined
        ? 'no cluster or user of the current context'
        : `no cluster or user of the context ${chosen}`,
    )
  const pem = (of: unknown, name: string) => readData(path, of, name)
  const token = textAt(user, ['token'])
  const tokenFile = textAt(user, ['tokenFile'])
  const readToken =
    token !== undefined
      ? () => token
      : tokenFile === undefined
        ? undefined
        : () => readFileSync(besides(path, tokenFile), 'utf8').trim()
  return {
    server,
    authority: pem(cluster, 'certificate-authority') ?? '',
    certificate: pem(user, 'client-certificate'),
    key: pem(user, 'client-key'),
    token: readToken,
    namespace: textAt(context, ['namespace']),
  }
}

async function readConfig(path: string): Promise<unknown> {
  try {
    return await parseYaml(readFileSync(path, 'utf8'))
  } catch (error) {
    throw new OperationError(
      'INVALID_ARGUMENT',
      'read the kubeconfig',
      { path },
      {
        cause: error,
        exitCode: 1,
        hint: 'Make a cluster with "myorch cluster create", or name with --kubeconfig a file that kubectl would take',
      },
    )
  }
}

/** `NAME-data` is base64, `NAME` a file beside the kubeconfig. */
function readData(path: string, of: unknown, name: string): string | undefined {
  const data = valueAt(of, [`${name}-data`])
  if (typeof data === 'string') return Buffer.from(data, 'base64').toString()
  const file = textAt(of, [name])
  return file === undefined ? undefined : readFileSync(besides(path, file), 'utf8')
}

function besides(path: string, file: string): string {
  return resolve(dirname(path), file)
}

function unusable(path: string, why: string): OperationError {
  const hint = 'See "kubectl config get-contexts", and choose one with --context'
  return new OperationError(
    'INVALID_ARGUMENT',
    'read the kubeconfig',
    { path, why },
    { exitCode: 1, hint },
  )
}
