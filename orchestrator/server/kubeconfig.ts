/** How one client reaches one cluster. */
export interface KubeconfigEntry {
  readonly name: string
  /** `https://127.0.0.1:6443`. */
  readonly server: string
  /** PEM. */
  readonly authority: string
  /** Absent: who reads it has credentials of their own. */
  readonly user?:
    | { readonly certificate: string; readonly key: string }
    | { readonly token: string }
}

function credentialsOf(user: NonNullable<KubeconfigEntry['user']>): object {
  if ('token' in user) return { token: user.token }
  return {
    'client-certificate-data': base64(user.certificate),
    'client-key-data': base64(user.key),
  }
}

const base64 = (text: string): string => Buffer.from(text).toString('base64')

/** A kubeconfig for that cluster alone: JSON, which is YAML too. */
export function makeKubeconfig({ name, server, authority, user }: KubeconfigEntry): string {
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name, cluster: { server, 'certificate-authority-data': base64(authority) } }],
    users: user ? [{ name: `${name}-admin`, user: credentialsOf(user) }] : [],
    contexts: user ? [{ name, context: { cluster: name, user: `${name}-admin` } }] : [],
    'current-context': user ? name : '',
  }
  return `${JSON.stringify(config, undefined, 2)}\n`
}
