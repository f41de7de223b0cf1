import t from 'tap'
import { isOver, renewalTime } from '../../../orchestrator/join/renewal.ts'
import {
  issueCertificate,
  makeAuthority,
  signRequest,
} from '../../../orchestrator/server/certificates.ts'
import { makeCertificateRequest } from '../../../orchestrator/join/make-certificate-request.ts'

const hour = 60 * 60 * 1000
const day = 24 * hour

t.test('renewed when a fifth of the time of the one that ends first is left', async (t) => {
  const authority = await makeAuthority('test')
  const long = await issueCertificate(authority, { commonName: 'a', usage: 'client' })
  const { request, key } = await makeCertificateRequest('a', 'b', [])
  // Certificates begin a day ago: this one is good for five days in all.
  const certificate = await signRequest(authority, request, {
    usage: 'client',
    lifetimeMs: 4 * day,
  })
  const short = { certificate, key }
  const expected = Date.now() + 3 * day
  for (const pairs of [
    { client: short, serving: long },
    { client: long, serving: short },
  ])
    t.ok(Math.abs(renewalTime(pairs) - expected) < hour)
  t.equal(isOver({ client: short }), false)
  t.equal(isOver({ client: short }, Date.now() + 3.9 * day), false)
  t.equal(isOver({ client: short }, Date.now() + 4.1 * day), true)
})
