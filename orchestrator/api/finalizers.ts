import type { KubeObject } from './object.ts'

export function hasFinalizer({ metadata }: KubeObject, name: string): boolean {
  return metadata.finalizers?.includes(name) ?? false
}

export function withFinalizer(object: KubeObject, name: string): KubeObject {
  const { finalizers = [] } = object.metadata
  return { ...object, metadata: { ...object.metadata, finalizers: [...finalizers, name] } }
}

export function withoutFinalizer(object: KubeObject, name: string): KubeObject {
  const finalizers = (object.metadata.finalizers ?? []).filter((one) => one !== name)
  return { ...object, metadata: { ...object.metadata, finalizers } }
}
