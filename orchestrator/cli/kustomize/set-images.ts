import { listAt, numberAt, textAt } from '../../api/object.ts'
import type { JsonObject } from '../../api/object.ts'
import type { Kustomization } from './kustomization-file.ts'
import { containersOf, podSpecOf } from './resource.ts'
import type { Resource } from './resource.ts'

/** `images`: other names, tags and digests. */
export function setImages({ fields }: Kustomization, resources: readonly Resource[]): void {
  for (const wish of listAt(fields, ['images']))
    for (const { object } of resources) {
      const pod = podSpecOf(object)
      for (const container of pod ? containersOf(pod) : []) {
        const image = textAt(container, ['image'])
        if (image !== undefined) container['image'] = changedImage(image, wish)
      }
    }
}

function changedImage(image: string, wish: JsonObject): string {
  const [, name = '', tag = '', digest = ''] = /^(.*?)(:[^:/@]+)?(@[^@]+)?$/.exec(image) ?? []
  if (name !== textAt(wish, ['name'])) return image
  const newTag = textAt(wish, ['newTag']) ?? ''
  const newDigest = textAt(wish, ['digest']) ?? ''
  const own = newTag === '' && newDigest === '' ? `${tag}${digest}` : ''
  const given = `${newTag === '' ? '' : `:${newTag}`}${newDigest === '' ? '' : `@${newDigest}`}`
  return `${textAt(wish, ['newName']) ?? name}${own}${given}`
}

const scalable = new Set(['Deployment', 'ReplicaSet', 'ReplicationController', 'StatefulSet'])

/** `replicas`: how many of a workload. */
export function setReplicas({ fields }: Kustomization, resources: readonly Resource[]): void {
  for (const wish of listAt(fields, ['replicas'])) {
    const name = textAt(wish, ['name']) ?? ''
    for (const { object, names } of resources)
      if (scalable.has(object.kind) && names.includes(name))
        object.spec = { ...object.spec, replicas: numberAt(wish, ['count']) ?? 0 }
  }
}
