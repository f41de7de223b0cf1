import type { KubeObject } from '../../api/object.ts'

// As log collectors expect it: NAMESPACE_POD_UID/CONTAINER/RESTARTS.log, each a symlink to the file that the
// container's monitor writes, so that the name stays when that container is removed by another way.

/** Kept per container: files, and bytes of each before it is rotated. The kubelet's defaults. */
export const logLimits = { maxFiles: 5, maxSize: 10 * 1024 * 1024 } as const

/** The folder of a pod's logs below the node's. */
export function podLogFolder(root: string, { metadata }: KubeObject): string {
  return `${root}/${metadata.namespace ?? ''}_${metadata.name ?? ''}_${metadata.uid ?? ''}`
}

/** @param restarts how often the container was started before */
export function containerLogPath(
  root: string,
  pod: KubeObject,
  container: string,
  restarts: number,
): string {
  return `${podLogFolder(root, pod)}/${container}/${restarts}.log`
}
