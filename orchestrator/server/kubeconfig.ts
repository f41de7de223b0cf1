/** How one client reaches one cluster. */
export interface KubeconfigEntry {
  readonly name: string
  /** `https://127.0.0.1:6443`. */
  readonly server: string
  /** PEM. */
  readonly authority: string
  readonly user: { readonly certificate: string; readonly key: string } | { readonly token: string }
}

const base64 = (text: string): string => Buffer.from(text).toString('base64')

/** A kubeconfig for that cluster alone: JSON, which is YAML too. */
export function makeKubeconfig({ name, server, authority, user }: KubeconfigEntry): string {
  const credentials =
    'token' in user
      ? { token: user.token }
      : { 'client-certificate-data': base64(user.certificate), 'client-key-data': base64(user.key) }
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name, cluster: { server, 'certificate-authority-data': base64(authority) } }],
    users: [{ name: `${name}-admin`, user: credentials }],
    contexts: [{ name, context: { cluster: name, user: `${name}-admin` } }],
    'current-context': name,
  }
  return `${JSON.stringify(config, undefined, 2)}\n`
}
