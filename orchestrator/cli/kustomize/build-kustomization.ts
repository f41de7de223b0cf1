import { statSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { clone } from '../../api/object.ts'
import type { KubeObject } from '../../api/object.ts'
import { CommandFailure } from '../resources/session.ts'
import { applyPatches } from './apply-patches.ts'
import { generateMaps } from './generate-maps.ts'
import { parseObjects, readKustomization, readOwnFile } from './kustomization-file.ts'
import type { Kustomization } from './kustomization-file.ts'
import { groupOf, nameOf } from './resource.ts'
import type { Resource } from './resource.ts'
import { setImages, setReplicas } from './set-images.ts'
import { setLabels } from './set-labels.ts'
import { setNames, setNamespace } from './set-names.ts'

/**
 * What a kustomization comes to, in the order in which it can be applied.
 *
 * @param path its folder
 * @throws CommandFailure
 * @see https://kubectl.docs.kubernetes.io/references/kustomize/kustomization/
 */
export async function buildKustomization(path: string): Promise<KubeObject[]> {
  const resources = await accumulate(path, [])
  if (resources.length === 0) throw new CommandFailure('kustomization.yaml is empty')
  return resources.toSorted(byOrder).map(({ object }) => object)
}

async function accumulate(path: string, above: readonly string[]): Promise<Resource[]> {
  const kustomization = await readKustomization(path)
  const { folder } = kustomization
  if (above.includes(folder))
    throw new CommandFailure(`cycle detected: candidate root '${folder}' contains visited root`)
  const read = await readResources(kustomization, [...above, folder])
  const resources = await applyPatches(kustomization, generateMaps(kustomization, read))
  setNamespace(kustomization, resources)
  setReplicas(kustomization, resources)
  setNames(kustomization, resources, above.length === 0)
  setLabels(kustomization, resources)
  setImages(kustomization, resources)
  return resources
}

async function readResources(
  kustomization: Kustomization,
  above: readonly string[],
): Promise<Resource[]> {
  const { folder, fields } = kustomization
  const resources: Resource[] = []
  for (const entry of [fields['resources'], fields['bases']].flat()) {
    if (typeof entry !== 'string') continue
    if (/^(?:https?:|git|ssh:)|github\.com|\?ref=/.test(entry))
      throw new CommandFailure(
        `${entry}: what is on other machines is not supported: fetch it first`,
      )
    const path = resolve(folder, entry)
    const stat = statSync(path, { throwIfNoEntry: false })
    if (!stat)
      throw new CommandFailure(
        `accumulating resources: accumulation err='accumulating resources from '${entry}': open ${path}: no such file or directory'`,
      )
    const found = stat.isDirectory()
      ? await accumulate(path, above)
      : (await parseObjects(readOwnFile(kustomization, entry), join(folder, entry))).map(asResource)
    for (const one of found) addOnce(resources, one)
  }
  return resources
}

function asResource(object: KubeObject): Resource {
  return { object: clone(object), names: [object.metadata.name ?? ''], hasHash: false }
}

function addOnce(resources: Resource[], one: Resource): void {
  const isSame = (other: Resource): boolean =>
    nameOf(other) === nameOf(one) &&
    other.object.kind === one.object.kind &&
    groupOf(other.object) === groupOf(one.object) &&
    other.object.metadata.namespace === one.object.metadata.namespace
  if (resources.some(isSame))
    throw new CommandFailure(
      `may not add resource with an already registered id: ${one.object.kind}/${nameOf(one)}.${one.object.metadata.namespace ?? '[noNs]'}`,
    )
  resources.push(one)
}

const first =
  'Namespace ResourceQuota StorageClass CustomResourceDefinition ServiceAccount PodSecurityPolicy Role ClusterRole RoleBinding ClusterRoleBinding ConfigMap Secret Endpoints Service LimitRange PriorityClass PersistentVolume PersistentVolumeClaim Deployment StatefulSet CronJob PodDisruptionBudget'.split(
    ' ',
  )
const last = ['MutatingWebhookConfiguration', 'ValidatingWebhookConfiguration']

function byOrder(a: Resource, b: Resource): number {
  return rank(a) - rank(b) || compare(orderKey(a), orderKey(b))
}

function rank({ object: { kind } }: Resource): number {
  const index = first.indexOf(kind)
  if (index !== -1) return index - first.length
  return last.indexOf(kind) + 1
}

function orderKey({ object }: Resource): string {
  const { namespace = '', name = '' } = object.metadata
  return [object.apiVersion, object.kind, namespace, name].join('~')
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
