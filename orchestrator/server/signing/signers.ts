import type { CertificateQuestion } from './read-request.ts'

// What the signers of nodes' certificates sign, and what is approved without a person.
// https://kubernetes.io/docs/reference/access-authn-authz/certificate-signing-requests/#kubernetes-signers

export const clientSigner = 'kubernetes.io/kube-apiserver-client'
export const kubeletClientSigner = 'kubernetes.io/kube-apiserver-client-kubelet'
export const kubeletServingSigner = 'kubernetes.io/kubelet-serving'
export const signerNames = new Set([clientSigner, kubeletClientSigner, kubeletServingSigner])

const nodePrefix = 'system:node:'
const nodesGroup = 'system:nodes'
const keyUsages = ['digital signature', 'key encipherment']

export interface SigningQuestion extends CertificateQuestion {
  readonly signer: string
  readonly usages: readonly string[]
}

/** Why a signer does not sign this, or nothing where it does. Pure. */
export function signerRefuses(question: SigningQuestion): string | undefined {
  const { signer, usages, commonName, organizations } = question
  const purpose = signer === kubeletServingSigner ? 'server auth' : 'client auth'
  if (!usages.includes(purpose)) return `usages must include ${purpose}`
  const other = usages.find((usage) => usage !== purpose && !keyUsages.includes(usage))
  if (other !== undefined) return `usage ${JSON.stringify(other)} is not permitted`
  if (signer === clientSigner)
    return organizations.includes('system:masters')
      ? 'organization system:masters is not permitted'
      : undefined
  if (organizations.length !== 1 || organizations[0] !== nodesGroup)
    return `organization must be ${nodesGroup}`
  if (!commonName.startsWith(nodePrefix) || commonName === nodePrefix)
    return `common name must begin with ${nodePrefix}`
  const hasNames = question.names.length + question.addresses.length > 0
  if (question.hasOtherNames) return 'only DNS names and IP addresses are permitted'
  if (signer === kubeletClientSigner && hasNames) return 'names and addresses are not permitted'
  if (signer === kubeletServingSigner && !hasNames) return 'a name or an address is required'
  return undefined
}

export interface Requester {
  readonly name: string
  readonly groups: readonly string[]
}

/**
 * Whether a request is approved without a person: a machine with a join token gets the certificate of a node, a node
 * renews its own, and gets one to serve with for names that are nobody else's.
 * @param isTaken whether a name or address belongs to another node, or to the server
 */
export function approvesItself(
  { signer, commonName, names, addresses }: SigningQuestion,
  { name, groups }: Requester,
  isTaken: (host: string) => boolean,
): boolean {
  const isSelf = groups.includes(nodesGroup) && name === commonName
  if (signer === kubeletClientSigner) return isSelf || groups.includes('system:bootstrappers')
  if (signer !== kubeletServingSigner || !isSelf) return false
  return ![...names, ...addresses].some(isTaken)
}
