import type { KubeObject } from '../object.ts'
import { defaultClass } from './names.ts'

/** The class of claims that name none: of several the one that was made last. @returns its name */
export function findDefaultClass(classes: readonly KubeObject[]): string | undefined {
  const [first] = classes
    .filter(({ metadata }) => metadata.annotations?.[defaultClass] === 'true')
    .toSorted(
      (a, b) =>
        timeOf(b).localeCompare(timeOf(a)) ||
        (a.metadata.name ?? '').localeCompare(b.metadata.name ?? ''),
    )
  return first?.metadata.name
}

function timeOf({ metadata }: KubeObject): string {
  return metadata.creationTimestamp ?? ''
}
