import { webcrypto } from 'node:crypto'

// The cluster's own authority, and what it signs. Keys are on the P-256 curve: made in a millisecond.

export const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const
const day = 24 * 60 * 60 * 1000
const yearsMs = (years: number) => years * 365 * day
/** Clocks of other machines may be a little behind. */
const backdateMs = day

export interface KeyPair {
  /** PEM. */
  readonly certificate: string
  /** PEM, PKCS #8. */
  readonly key: string
}

export interface CertificateRequest {
  readonly commonName: string
  /** Groups of a client. */
  readonly organizations?: readonly string[]
  /** Names and addresses of a server. */
  readonly hosts?: readonly string[]
  readonly usage: 'server' | 'client'
}

/** The library finds its parts through reflection, and wants the polyfill to be there before it. */
export async function loadX509() {
  await import('reflect-metadata')
  return import('@peculiar/x509')
}

/** Of the kind that all certificates here have. */
export const makeKeys = () => webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])

/** @returns PEM, PKCS #8 */
export async function exportKey(key: webcrypto.CryptoKey): Promise<string> {
  const bytes = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', key)).toString('base64')
  return `-----BEGIN PRIVATE KEY-----\n${bytes.replaceAll(/(.{64})/g, '$1\n').trimEnd()}\n-----END PRIVATE KEY-----\n`
}

async function importKey(pem: string): Promise<webcrypto.CryptoKey> {
  const bytes = Buffer.from(pem.replaceAll(/-----[^-]+-----|\s/g, ''), 'base64')
  return webcrypto.subtle.importKey('pkcs8', bytes, algorithm, true, ['sign'])
}

export async function makeAuthority(commonName: string): Promise<KeyPair> {
  const x509 = await loadX509()
  const keys = await makeKeys()
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: `CN=${commonName}`,
    notBefore: new Date(Date.now() - backdateMs),
    notAfter: new Date(Date.now() + yearsMs(10)),
    signingAlgorithm: algorithm,
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(true, undefined, true),
      new x509.KeyUsagesExtension(
        x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.digitalSignature,
        true,
      ),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  })
  return { certificate: `${certificate.toString('pem')}\n`, key: await exportKey(keys.privateKey) }
}

/** A certificate and its key, signed by the authority, good for a year. */
export async function issueCertificate(
  authority: KeyPair,
  { commonName, organizations = [], hosts = [], usage }: CertificateRequest,
): Promise<KeyPair> {
  const x509 = await loadX509()
  const issuer = new x509.X509Certificate(authority.certificate)
  const keys = await makeKeys()
  const subject = [{ CN: [commonName] }, ...organizations.map((name) => ({ O: [name] }))]
  const purpose =
    usage === 'server' ? x509.ExtendedKeyUsage.serverAuth : x509.ExtendedKeyUsage.clientAuth
  const names = hosts.map((value) => ({
    type: /^[\d.]+$|:/.test(value) ? ('ip' as const) : ('dns' as const),
    value,
  }))
  const certificate = await x509.X509CertificateGenerator.create({
    subject: new x509.Name(subject).toString(),
    issuer: issuer.subject,
    notBefore: new Date(Date.now() - backdateMs),
    notAfter: new Date(Date.now() + yearsMs(1)),
    signingAlgorithm: algorithm,
    publicKey: keys.publicKey,
    signingKey: await importKey(authority.key),
    extensions: [
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([purpose]),
      ...(names.length > 0 ? [new x509.SubjectAlternativeNameExtension(names)] : []),
      await x509.AuthorityKeyIdentifierExtension.create(issuer),
    ],
  })
  return { certificate: `${certificate.toString('pem')}\n`, key: await exportKey(keys.privateKey) }
}

/**
 * The certificate that a PKCS #10 request asks for: its subject, names and key. Whether it may have them is for the
 * caller to say.
 * @param request PEM
 * @returns PEM
 */
export async function signRequest(
  authority: KeyPair,
  request: string,
  { usage, lifetimeMs }: { usage: CertificateRequest['usage']; lifetimeMs: number },
): Promise<string> {
  const x509 = await loadX509()
  const wanted = new x509.Pkcs10CertificateRequest(request)
  const issuer = new x509.X509Certificate(authority.certificate)
  const names = wanted.extensions.find((one) => one instanceof x509.SubjectAlternativeNameExtension)
  const certificate = await x509.X509CertificateGenerator.create({
    subject: wanted.subject,
    issuer: issuer.subject,
    notBefore: new Date(Date.now() - backdateMs),
    notAfter: new Date(Date.now() + Math.min(lifetimeMs, yearsMs(1))),
    signingAlgorithm: algorithm,
    publicKey: wanted.publicKey,
    signingKey: await importKey(authority.key),
    extensions: [
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([
        usage === 'server' ? x509.ExtendedKeyUsage.serverAuth : x509.ExtendedKeyUsage.clientAuth,
      ]),
      ...(names ? [names] : []),
      await x509.AuthorityKeyIdentifierExtension.create(issuer),
    ],
  })
  return `${certificate.toString('pem')}\n`
}
