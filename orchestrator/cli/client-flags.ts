import type { Command } from 'commander'
import { OperationError } from '../../native/error.ts'
import type { HttpClient } from '../client/http-client.ts'

/** Which cluster, as whom, and in which namespace: as kubectl takes them. */
export interface ClientFlags {
  readonly kubeconfig?: string
  readonly context?: string
  readonly namespace?: string
}

export interface OpenClient {
  readonly client: HttpClient
  readonly namespace: string
  /** `https://10.213.0.1:6443` */
  readonly server: string
  /** PEM. */
  readonly authority: string
}

export function addClientFlags(command: Command): Command {
  return command
    .option('--kubeconfig <file>', 'absent: $KUBECONFIG, else ~/.kube/config')
    .option('--context <name>', 'of the kubeconfig; absent: the current one')
    .option('-n, --namespace <name>', 'absent: that of the context')
}

/** Run something with a client, which is closed after it. @throws {OperationError} for a kubeconfig that is of no use */
export async function withClient<Value>(
  flags: ClientFlags,
  work: (open: OpenClient) => Promise<Value>,
): Promise<Value> {
  const { readKubeconfig } = await import('../client/read-kubeconfig.ts')
  const { kubeconfigPath } = await import('../cluster/kubeconfig-file.ts')
  const { makeHttpClient } = await import('../client/http-client.ts')
  const path = flags.kubeconfig ?? kubeconfigPath(process.env)
  const address = await readKubeconfig(path, flags.context)
  const client = makeHttpClient(address, { manager: 'myorch' })
  const namespace = flags.namespace ?? address.namespace ?? 'default'
  const { server, authority } = address
  try {
    return await work({ client, namespace, server, authority })
  } finally {
    client.close()
  }
}

/** `pod/web` or `pod web`. @throws {OperationError} `INVALID_ARGUMENT` */
export function splitTarget(parts: readonly string[]): { kind: string; name: string } {
  const [kind = '', name = '', ...more] = parts.length === 1 ? (parts[0] ?? '').split('/') : parts
  if (kind !== '' && name !== '' && more.length === 0) return { kind, name }
  throw new OperationError(
    'INVALID_ARGUMENT',
    'read what it is about',
    { target: parts.join(' ') },
    { hint: 'Write it as KIND/NAME, like pod/web' },
  )
}
