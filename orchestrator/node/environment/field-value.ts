import type { KubeObject } from '../../api/object.ts'
import { textAt } from '../../api/object.ts'
import { podError } from './pod-error.ts'
import type { PodFacts } from './pod-sources.ts'

// The downward API's fields, of variables and of files.
// https://kubernetes.io/docs/concepts/workloads/pods/downward-api/#available-fields

/** @throws {OperationError} `INVALID_ARGUMENT` for a field that is not offered */
export function fieldValue(pod: KubeObject, facts: PodFacts, path: string): string {
  const { metadata } = pod
  const keyed = /^(metadata\.labels|metadata\.annotations)\['(.*)'\]$/.exec(path)
  if (keyed) {
    const map = keyed[1] === 'metadata.labels' ? metadata.labels : metadata.annotations
    return map?.[keyed[2] ?? ''] ?? ''
  }
  switch (path) {
    case 'metadata.name':
      return metadata.name ?? ''
    case 'metadata.namespace':
      return metadata.namespace ?? ''
    case 'metadata.uid':
      return metadata.uid ?? ''
    case 'metadata.labels':
      return formatMap(metadata.labels)
    case 'metadata.annotations':
      return formatMap(metadata.annotations)
    case 'spec.nodeName':
      return textAt(pod, ['spec', 'nodeName']) ?? ''
    case 'spec.serviceAccountName':
      return textAt(pod, ['spec', 'serviceAccountName']) ?? ''
    default:
      return addressValue(facts, path)
  }
}

function addressValue({ hostIPs, podIPs }: PodFacts, path: string): string {
  switch (path) {
    case 'status.hostIP':
      return hostIPs[0] ?? ''
    case 'status.hostIPs':
      return hostIPs.join(',')
    case 'status.podIP':
      return podIPs[0] ?? ''
    case 'status.podIPs':
      return podIPs.join(',')
    default:
      throw podError('INVALID_ARGUMENT', `unsupported fieldPath: ${path}`)
  }
}

/** A line per entry, sorted, values quoted as Go quotes them. */
function formatMap(map: Readonly<Record<string, string>> = {}): string {
  return Object.keys(map)
    .toSorted()
    .map((key) => `${key}=${quoted(map[key] ?? '')}`)
    .join('\n')
}

const escapes: Readonly<Record<string, string>> = {
  '"': String.raw`\"`,
  '\\': String.raw`\\`,
  '\u0007': String.raw`\a`,
  '\b': String.raw`\b`,
  '\f': String.raw`\f`,
  '\n': String.raw`\n`,
  '\r': String.raw`\r`,
  '\t': String.raw`\t`,
  '\v': String.raw`\v`,
}

function quoted(text: string): string {
  const inner = text.replaceAll(
    /["\\]|\p{Cc}/gu,
    (char) => escapes[char] ?? `\\x${char.codePointAt(0)?.toString(16).padStart(2, '0') ?? ''}`,
  )
  return `"${inner}"`
}
