import { createHash, X509Certificate } from 'node:crypto'

/** `sha256:…` of an authority's public key, as kubeadm writes it: it stays when the certificate is renewed. @param pem of the certificate */
export function authorityHash(pem: string): string {
  const key = new X509Certificate(pem).publicKey.export({ type: 'spki', format: 'der' })
  return `sha256:${createHash('sha256').update(key).digest('hex')}`
}
