import { algorithm, exportKey, loadX509, makeKeys } from '../server/certificates.ts'

/** What a certificate is asked for with, and the key that stays here. PEM. */
export interface OwnRequest {
  readonly request: string
  readonly key: string
}

/**
 * A PKCS #10 request for a new key.
 *
 * @param hosts names and addresses; none for a client
 */
export async function makeCertificateRequest(
  commonName: string,
  organization: string,
  hosts: readonly string[],
): Promise<OwnRequest> {
  const x509 = await loadX509()
  const keys = await makeKeys()
  const names = hosts.map((value) => ({
    type: /^[\d.]+$|:/.test(value) ? ('ip' as const) : ('dns' as const),
    value,
  }))
  const request = await x509.Pkcs10CertificateRequestGenerator.create({
    name: [{ O: [organization] }, { CN: [commonName] }],
    keys,
    signingAlgorithm: algorithm,
    extensions: names.length === 0 ? [] : [new x509.SubjectAlternativeNameExtension(names)],
  })
  return { request: `${request.toString('pem')}\n`, key: await exportKey(keys.privateKey) }
}
