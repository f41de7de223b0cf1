import { hasFinalizer, withoutFinalizer } from '../../api/finalizers.ts'
import { isObject, textAt, valueAt } from '../../api/object.ts'
import type { Json, KubeObject } from '../../api/object.ts'
import { claimReference } from '../../api/volumes/claim-reference.ts'
import {
  localPathFolder,
  localPathNode,
  localPathProvisioner,
  provisionedBy,
  selectedNode,
  storageProvisioner,
} from '../../api/volumes/names.ts'
import { classOf } from '../../api/volumes/volume-match.ts'
import { isTerminating } from '../objects/pod-facts.ts'
import type { Plan, Remark, Write } from '../writes/write.ts'

export interface LocalPathView {
  readonly claim: KubeObject
  readonly storageClass: KubeObject | undefined
  readonly volume: (name: string) => KubeObject | undefined
  readonly node: (name: string) => KubeObject | undefined
}

/**
 * A volume for a claim: a folder on the node of the claim's first pod. Only the object is made here; the node makes the
 * folder when it mounts it, and takes it away when the volume goes.
 */
export function planLocalPath({ claim, storageClass, volume, node }: LocalPathView): Plan {
  const { annotations = {}, uid = '' } = claim.metadata
  const isAsked =
    annotations[storageProvisioner] === localPathProvisioner &&
    !textAt(claim, ['spec', 'volumeName']) &&
    !isTerminating(claim)
  if (!isAsked || !storageClass || volume(`pvc-${uid}`)) return { writes: [] }
  const nodeName = annotations[selectedNode] ?? ''
  const chosen = node(nodeName)
  const why = refusal(claim, nodeName, chosen)
  if (why !== undefined) return { writes: refuse(claim, why, chosen) }
  const object = makeVolume(claim, storageClass, chosen!)
  const about = claim
  const done = {
    about,
    type: 'Normal' as const,
    reason: 'ProvisioningSucceeded',
    message: `Successfully provisioned volume ${object.metadata.name}`,
  }
  const begun: Remark = {
    about,
    type: 'Normal',
    reason: 'Provisioning',
    message: `External provisioner is provisioning volume for claim "${claim.metadata.namespace}/${claim.metadata.name}"`,
  }
  return {
    writes: [
      { verb: 'remark', remark: begun },
      { verb: 'create', object, done },
    ],
  }
}

/** Why there can be no such volume, in the words of the provisioner that k3s brings. */
function refusal(
  claim: KubeObject,
  nodeName: string,
  node: KubeObject | undefined,
): string | undefined {
  const { spec = {} } = claim
  if (isObject(spec['selector'])) return 'claim.Spec.Selector is not supported'
  const modes = Array.isArray(spec['accessModes']) ? spec['accessModes'] : []
  if (!modes.every((mode) => mode === 'ReadWriteOnce' || mode === 'ReadWriteOncePod'))
    return 'NodePath only supports ReadWriteOnce and ReadWriteOncePod (1.22+) access modes'
  if (spec['volumeMode'] === 'Block') return 'only volumes of mode Filesystem are supported'
  if (nodeName === '') return 'configuration error, no node was specified'
  if (!node) return `node ${nodeName} is not there any more`
  if (folderOf(node) === undefined) return `node ${nodeName} does not say where volumes are made`
  return undefined
}

function refuse(claim: KubeObject, why: string, node: KubeObject | undefined): Write[] {
  const message = `failed to provision volume with StorageClass "${classOf(claim)}": ${why}`
  const remark: Remark = { about: claim, type: 'Warning', reason: 'ProvisioningFailed', message }
  const { [selectedNode]: nodeName, ...annotations } = claim.metadata.annotations ?? {}
  const said = { verb: 'remark' as const, remark }
  if (nodeName === undefined || node) return [said]
  // The scheduler is to look for another node.
  return [
    said,
    { verb: 'update', object: { ...claim, metadata: { ...claim.metadata, annotations } } },
  ]
}

function folderOf({ metadata }: KubeObject): string | undefined {
  return metadata.annotations?.[localPathFolder]
}

function makeVolume(claim: KubeObject, storageClass: KubeObject, node: KubeObject): KubeObject {
  const { name = '', namespace = '', uid = '' } = claim.metadata
  const nodeName = node.metadata.name ?? ''
  const hostname = node.metadata.labels?.['kubernetes.io/hostname'] ?? nodeName
  const folder = `${folderOf(node)}/pvc-${uid}_${namespace}_${name}`
  const isHere = { key: 'kubernetes.io/hostname', operator: 'In', values: [hostname] }
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: {
      name: `pvc-${uid}`,
      labels: { [localPathNode]: nodeName },
      annotations: { [provisionedBy]: localPathProvisioner },
    },
    spec: {
      capacity: {
        storage: (valueAt(claim, ['spec', 'resources', 'requests', 'storage']) ?? '0') as Json,
      },
      accessModes: claim.spec?.['accessModes'] ?? [],
      volumeMode: 'Filesystem',
      persistentVolumeReclaimPolicy: textAt(storageClass, ['reclaimPolicy']) ?? 'Delete',
      storageClassName: classOf(claim),
      claimRef: claimReference(claim),
      local: { path: folder },
      nodeAffinity: { required: { nodeSelectorTerms: [{ matchExpressions: [isHere] }] } },
    },
  }
}

/** A node that is gone does not take its folders away any more. */
export function planLostFolder(volume: KubeObject, hasNode: (name: string) => boolean): Plan {
  const node = volume.metadata.labels?.[localPathNode]
  if (!isTerminating(volume) || !hasFinalizer(volume, localPathNode)) return { writes: [] }
  if (node !== undefined && hasNode(node)) return { writes: [] }
  return { writes: [{ verb: 'update', object: withoutFinalizer(volume, localPathNode) }] }
}
