import { loadX509 } from '../certificates.ts'

/** What a certificate is asked for: the parts of a PKCS #10 request that rules look at. */
export interface CertificateQuestion {
  readonly commonName: string
  readonly organizations: readonly string[]
  readonly names: readonly string[]
  readonly addresses: readonly string[]
  /** Whether it names mail addresses, URIs or anything else. */
  readonly hasOtherNames: boolean
}

/** @param pem base64 of PEM, as the object has it @throws Error for what is none, or is not signed by its own key */
export async function readCertificateRequest(pem: string): Promise<CertificateQuestion> {
  const x509 = await loadX509()
  const request = new x509.Pkcs10CertificateRequest(Buffer.from(pem, 'base64').toString('latin1'))
  if (!(await request.verify())) throw new Error('the request is not signed by its key')
  const subject = request.subjectName
  const alternative = request.extensions.find(
    (one) => one instanceof x509.SubjectAlternativeNameExtension,
  )
  const names = alternative?.names.toJSON() ?? []
  const valuesOf = (type: string) =>
    names.filter((name) => name.type === type).map(({ value }) => value)
  return {
    commonName: subject.getField('CN')[0] ?? '',
    organizations: subject.getField('O'),
    names: valuesOf('dns'),
    addresses: valuesOf('ip'),
    hasOtherNames: names.some(({ type }) => type !== 'dns' && type !== 'ip'),
  }
}
