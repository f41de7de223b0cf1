import { isObject, listAt, textAt } from '../../api/object.ts'
import type { JsonObject, KubeObject } from '../../api/object.ts'
import { claimsOfPod, isMadeFor } from '../../api/volumes/claims-of-pod.ts'
import { boundByController, noProvisioner, selectedNode } from '../../api/volumes/names.ts'
import { classOf, findVolume, isFullyBound } from '../../api/volumes/volume-match.ts'
import type { ClusterVolumes } from '../cluster-volumes.ts'
import { rejectFinally } from '../framework.ts'
import type { Plugin, Rejection, Reservation, VolumeWriter } from '../framework.ts'
import { matchesLabels, readLabelSelector } from '../label-match.ts'
import type { NodeInfo } from '../node-info.ts'
import { matchesTerm, readNodeTerm } from '../node-term.ts'
import type { PodInfo } from '../pod-info.ts'

const bindConflict = "node(s) didn't find available persistent volumes to bind"
const nodeConflict = 'node(s) had volume node affinity conflict'
const volumeGone = 'node(s) unavailable due to one or more pvc(s) bound to non-existent pv(s)'

/** A pod goes where its volumes are, or where they can be; claims that wait for their first pod get a volume there. */
export const volumeBinding: Plugin = {
  name: 'VolumeBinding',
  prepareFilter: (pod, { volumes }) => {
    if (pod.claims.length === 0) return undefined
    const sorted = sortClaims(pod, volumes)
    if ('reasons' in sorted) return sorted
    return { filter: (node) => planOn(node, sorted, volumes).rejection }
  },
  reserve: (pod, node, { volumes }) => {
    if (pod.claims.length === 0) return undefined
    const sorted = sortClaims(pod, volumes)
    if ('reasons' in sorted || sorted.waiting.length === 0) return undefined
    return keep(planOn(node, sorted, volumes), node, volumes)
  },
  hints: [
    { on: 'storage', helps: hasClaims },
    { on: 'node-added', helps: hasClaims },
    { on: 'node-labels', helps: hasClaims },
  ],
}

function hasClaims({ claims }: PodInfo): boolean {
  return claims.length > 0
}

interface SortedClaims {
  readonly bound: readonly KubeObject[]
  /** They get a volume when their pod has a node. */
  readonly waiting: readonly KubeObject[]
}

/** What can be said whatever the node. */
function sortClaims(pod: PodInfo, volumes: ClusterVolumes): SortedClaims | Rejection {
  const bound: KubeObject[] = []
  const waiting: KubeObject[] = []
  let immediate = false
  for (const { claimName: name, template } of claimsOfPod(pod.object)) {
    const claim = volumes.claim(`${pod.namespace}/${name}`)
    if (!claim)
      return rejectFinally(
        template
          ? `waiting for ephemeral volume controller to create the persistentvolumeclaim "${name}"`
          : `persistentvolumeclaim "${name}" not found`,
        () => `make the claim ${name}, or correct its name in the pod`,
      )
    if (template && !isMadeFor(claim, pod.object))
      return rejectFinally(
        `PVC ${pod.namespace}/${name} was not created for pod ${pod.key} (pod is not owner)`,
      )
    if (textAt(claim, ['status', 'phase']) === 'Lost')
      return rejectFinally(
        `persistentvolumeclaim "${name}" bound to non-existent persistentvolume "${textAt(claim, ['spec', 'volumeName']) ?? ''}"`,
      )
    if (claim.metadata.deletionTimestamp !== undefined)
      return rejectFinally(
        `persistentvolumeclaim "${name}" is being deleted`,
        () => `make the claim ${name} anew once it is gone`,
      )
    if (isFullyBound(claim)) bound.push(claim)
    else if (isDelayed(claim, volumes)) waiting.push(claim)
    else immediate = true
  }
  return immediate
    ? rejectFinally(
        'pod has unbound immediate PersistentVolumeClaims',
        () => 'have a volume made for each claim: "kubectl describe pvc" says what it waits for',
      )
    : { bound, waiting }
}

function isDelayed(claim: KubeObject, volumes: ClusterVolumes): boolean {
  // Who names a volume does not leave the choice to anybody.
  if (textAt(claim, ['spec', 'volumeName'])) return false
  const mode = textAt(volumes.storageClass(classOf(claim)), ['volumeBindingMode'])
  return mode === 'WaitForFirstConsumer'
}

interface VolumePlan {
  readonly rejection?: Rejection
  /** Volumes that are there, for claims that wait. */
  readonly chosen: readonly { readonly claim: KubeObject; readonly volume: KubeObject }[]
  /** Claims for which somebody is to make a volume. */
  readonly missing: readonly KubeObject[]
}

function planOn(
  node: NodeInfo,
  { bound, waiting }: SortedClaims,
  known: ClusterVolumes,
): VolumePlan {
  const none = { chosen: [], missing: [] }
  const volumes = bound.map((claim) => known.volume(textAt(claim, ['spec', 'volumeName']) ?? ''))
  if (volumes.some((volume) => !volume)) return { ...none, rejection: rejectFinally(volumeGone) }
  const far = volumes.find((volume) => volume && !isReachable(volume, node))
  if (far)
    return {
      ...none,
      rejection: rejectFinally(
        nodeConflict,
        () => `volume ${far.metadata.name} is not on node ${node.name}: use a claim of its own`,
      ),
    }
  const chosen: { claim: KubeObject; volume: KubeObject }[] = []
  const missing: KubeObject[] = []
  for (const claim of waiting) {
    const taken = new Set(chosen.map(({ volume }) => volume.metadata.name))
    const volume = findOn(node, claim, known, taken)
    if (volume) chosen.push({ claim, volume })
    else if (canBeMade(node, claim, known)) missing.push(claim)
    else return { ...none, rejection: noVolume(node, claim) }
  }
  return { chosen, missing }
}

function noVolume(node: NodeInfo, claim: KubeObject): Rejection {
  const { name } = claim.metadata
  return rejectFinally(
    bindConflict,
    () => `make a volume of class ${classOf(claim)} for claim ${name} on node ${node.name}`,
  )
}

function findOn(
  node: NodeInfo,
  claim: KubeObject,
  known: ClusterVolumes,
  taken: ReadonlySet<string | undefined>,
): KubeObject | undefined {
  // A volume is being made for it already.
  if (known.nodeOf(keyOf(claim)) !== undefined) return undefined
  const selector = readLabelSelector(claim.spec?.['selector'])
  return findVolume(claim, known.volumes(), {
    selects: (labels) => !selector || matchesLabels(labels, selector),
    isTaken: ({ metadata: { name = '' } }) =>
      taken.has(name) || ![undefined, keyOf(claim)].includes(known.promisedTo(name)),
    isReachable: (volume) => isReachable(volume, node),
  })
}

function canBeMade(node: NodeInfo, claim: KubeObject, known: ClusterVolumes): boolean {
  const chosen = known.nodeOf(keyOf(claim))
  if (chosen !== undefined && chosen !== node.name) return false
  const storageClass = known.storageClass(classOf(claim))
  const provisioner = textAt(storageClass, ['provisioner']) ?? noProvisioner
  if (provisioner === noProvisioner) return false
  const topologies = listAt(storageClass, ['allowedTopologies'])
  return topologies.length === 0 || topologies.some((term) => isInTopology(node, term))
}

function isInTopology({ labels }: NodeInfo, term: JsonObject): boolean {
  return listAt(term, ['matchLabelExpressions']).every(({ key, values }) => {
    const value = typeof key === 'string' ? labels[key] : undefined
    return value !== undefined && Array.isArray(values) && values.includes(value)
  })
}

function isReachable(volume: KubeObject, node: NodeInfo): boolean {
  const required = volume.spec?.['nodeAffinity']
  if (!isObject(required)) return true
  const terms = listAt(required, ['required', 'nodeSelectorTerms'])
  return terms.length === 0 || terms.some((term) => matchesTerm(node, readNodeTerm(term)))
}

/** Others are not given the same; before the pod is bound, its claims are. */
function keep({ chosen, missing }: VolumePlan, node: NodeInfo, known: ClusterVolumes): Reservation {
  const undo = [
    ...chosen.map(({ claim, volume }) =>
      known.promise(keyOf(claim), { volume: volume.metadata.name ?? '' }),
    ),
    ...missing.map((claim) => known.promise(keyOf(claim), { node: node.name })),
  ]
  return {
    undo: () => {
      for (const takeBack of undo) takeBack()
    },
    beforeBinding: async (write) => {
      for (const { claim, volume } of chosen) await write.volume(volume, reservedFor(claim))
      for (const claim of missing) await write.claim(claim, wantedOn(node.name))
      await write.untilBound([...chosen.map(({ claim }) => claim), ...missing].map(keyOf))
    },
  }
}

function reservedFor(claim: KubeObject): Parameters<VolumeWriter['volume']>[1] {
  const { name = '', namespace = '', uid = '', resourceVersion = '' } = claim.metadata
  const kind = 'PersistentVolumeClaim'
  return {
    metadata: { annotations: { [boundByController]: 'yes' } },
    spec: { claimRef: { apiVersion: 'v1', kind, name, namespace, uid, resourceVersion } },
  }
}

function wantedOn(node: string): JsonObject {
  return { metadata: { annotations: { [selectedNode]: node } } }
}

function keyOf({ metadata: { namespace = '', name = '' } }: KubeObject): string {
  return `${namespace}/${name}`
}
