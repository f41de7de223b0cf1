import { sameJson, textAt } from '../../api/object.ts'
import type { KubeObject } from '../../api/object.ts'
import { forbidden } from '../../api/status-error.ts'
import type { StatusError } from '../../api/status-error.ts'
import { localPathNode } from '../../api/volumes/names.ts'
import type { Admission, AdmissionRequest } from '../admission.ts'
import { nodeNameOf } from './authorize-nodes.ts'

// A node writes its own Node, Lease and CSINode, and the pods on it, and nothing of other nodes.
// https://kubernetes.io/docs/reference/access-authn-authz/admission-controllers/#noderestriction

const ownLabels = 'node-restriction.kubernetes.io'
const mirror = 'kubernetes.io/config.mirror'

export const restrictNodes: Admission = async (request) => {
  const node = nodeNameOf(request.user)
  if (node === undefined) return
  const { kind, object, operation } = request
  const refuse = (why: string) => refusal(request, node, why)
  const isOwn = object.metadata.name === node
  switch (`${kind.group}/${kind.plural}`) {
    case '/nodes':
      if (!isOwn)
        throw refuse(`is not allowed to modify node ${JSON.stringify(object.metadata.name)}`)
      if (operation === 'DELETE') throw refuse('is not allowed to delete itself')
      return requireLabels(request, refuse)
    case 'coordination.k8s.io/leases':
      if (object.metadata.namespace === 'kube-node-lease' && isOwn) return
      throw refuse('can only access node lease with the same name as the requesting node')
    case 'storage.k8s.io/csinodes':
      if (isOwn) return
      throw refuse('can only access CSINode with the same name as the requesting node')
    case '/persistentvolumes':
      return requireOwnVolume(request, node, refuse)
    case '/pods':
      return requireOwnPod(request, node, refuse)
    default:
  }
}

type Refuse = (why: string) => StatusError

function refusal({ kind, object }: AdmissionRequest, node: string, why: string): StatusError {
  return forbidden(kind, object.metadata.name ?? '', `node ${JSON.stringify(node)} ${why}`)
}

function requireLabels({ object, current }: AdmissionRequest, refuse: Refuse): void {
  const before = current?.metadata.labels ?? {}
  const after = object.metadata.labels ?? {}
  const changed = [...new Set([...Object.keys(before), ...Object.keys(after)])].filter(
    (label) => before[label] !== after[label],
  )
  const bad = changed.find((label) => label.split('/')[0]!.endsWith(ownLabels))
  if (bad !== undefined) throw refuse(`is not allowed to modify labels: ${bad}`)
}

/** It says that it has a folder for the volume, or has none any more. */
function requireOwnVolume(
  { operation, object, current }: AdmissionRequest,
  node: string,
  refuse: Refuse,
): void {
  if (operation !== 'UPDATE' || current?.metadata.labels?.[localPathNode] !== node)
    throw refuse('can only update volumes that are folders of its own')
  const rest = (one: KubeObject): unknown => {
    const { managedFields: _m, resourceVersion: _r, ...metadata } = one.metadata
    const finalizers = (metadata.finalizers ?? []).filter((name) => name !== localPathNode)
    return { ...one, metadata: { ...metadata, finalizers } }
  }
  if (!sameJson(rest(object), rest(current)))
    throw refuse(`can only update the finalizer ${localPathNode} of volumes`)
}

function requireOwnPod(
  { operation, object, current, subresource }: AdmissionRequest,
  node: string,
  refuse: Refuse,
): void {
  const { name } = object.metadata
  if (operation === 'CREATE' && object.metadata.annotations?.[mirror] === undefined)
    throw refuse(`can only create mirror pods, and ${JSON.stringify(name)} is none`)
  if (operation === 'UPDATE' && subresource !== 'status')
    throw refuse('can only update the status of pods')
  if (textAt(current ?? object, ['spec', 'nodeName']) !== node)
    throw refuse(`can only ${operation.toLowerCase()} pods with spec.nodeName set to itself`)
}
