import type { JsonObject, KubeObject } from '../../api/object.ts'
import { listAt, numberAt, textAt, valueAt } from '../../api/object.ts'
import { fieldValue } from '../environment/field-value.ts'
import { podError } from '../environment/pod-error.ts'
import type { PodFacts, PodSources } from '../environment/pod-sources.ts'
import type { ResourceReference } from '../environment/resource-value.ts'
import { containerNamed, resourceValue } from '../environment/resource-value.ts'

/** A file that a volume shows. */
export interface PayloadFile {
  readonly data: Buffer
  /** Permission bits. */
  readonly mode: number
  /** Absent: root. */
  readonly uid?: number | undefined
}

/** By path below the volume: `config.yaml`, `certs/ca.crt`. */
export type Payload = ReadonlyMap<string, PayloadFile>

export interface PayloadWish {
  readonly pod: KubeObject
  readonly facts: PodFacts
  readonly sources: PodSources
}

const usualMode = 0o644
/** Of a token, seconds. */
const usualExpiration = 3600

/** The volume types whose files come from the API. */
export const payloadFields = ['configMap', 'secret', 'downwardAPI', 'projected'] as const

/**
 * The files of a volume of one of {@link payloadFields}.
 *
 * @throws {OperationError} with upstream's message, as it comes after `MountVolume.SetUp failed for volume "x" :`
 */
export async function collectPayload(wish: PayloadWish, volume: JsonObject): Promise<Payload> {
  const field = payloadFields.find((name) => volume[name] !== undefined)
  const source = valueAt(volume, [field ?? '']) as JsonObject
  const mode = numberAt(source, ['defaultMode']) ?? usualMode
  if (field !== 'projected') return filesOf(wish, field ?? '', source, mode)
  const all = new Map<string, PayloadFile>()
  const failures: string[] = []
  for (const part of listAt(source, ['sources'])) {
    const [name = '', projection] = Object.entries(part)[0] ?? []
    try {
      const files = await filesOf(wish, name, projection as JsonObject, mode)
      for (const [path, file] of files) all.set(path, file)
    } catch (error) {
      failures.push(error instanceof Error ? error.message : String(error))
    }
  }
  if (failures.length === 0) return all
  const unique = [...new Set(failures)]
  const text = unique.length === 1 ? unique[0]! : `[${unique.join(', ')}]`
  throw podError('NOT_FOUND', text)
}

async function filesOf(
  wish: PayloadWish,
  field: string,
  source: JsonObject,
  mode: number,
): Promise<Payload> {
  switch (field) {
    case 'configMap':
      return objectFiles(wish, 'configmap', source, mode)
    case 'secret':
      return objectFiles(wish, 'secret', source, mode)
    case 'downwardAPI':
      return downwardFiles(wish, source, mode)
    case 'serviceAccountToken':
      return tokenFile(wish, source, mode)
    default:
      throw podError('UNSUPPORTED', `volume source ${field} is not supported`)
  }
}

async function objectFiles(
  { pod, sources }: PayloadWish,
  kind: 'configmap' | 'secret',
  source: JsonObject,
  mode: number,
): Promise<Payload> {
  const namespace = pod.metadata.namespace ?? ''
  // A Secret volume says secretName where everything else says name.
  const name = textAt(source, ['secretName']) ?? textAt(source, ['name']) ?? ''
  const optional = source['optional'] === true
  const object = await (kind === 'secret'
    ? sources.secret(namespace, name)
    : sources.configMap(namespace, name))
  if (!object && !optional) throw podError('NOT_FOUND', `${kind} "${name}" not found`)
  const data = object ? bytesOf(object, kind) : new Map<string, Buffer>()
  const items = listAt(source, ['items'])
  if (items.length === 0) return new Map(Array.from(data, ([key, it]) => [key, { data: it, mode }]))
  const files = new Map<string, PayloadFile>()
  for (const item of items) {
    const key = textAt(item, ['key']) ?? ''
    const bytes = data.get(key)
    if (bytes)
      files.set(textAt(item, ['path']) ?? '', {
        data: bytes,
        mode: numberAt(item, ['mode']) ?? mode,
      })
    else if (!optional) {
      const word = kind === 'secret' ? 'secret' : 'config'
      throw podError('NOT_FOUND', `references non-existent ${word} key: ${key}`)
    }
  }
  return files
}

function bytesOf(object: KubeObject, kind: 'configmap' | 'secret'): Map<string, Buffer> {
  const decoded = (field: string, encoding: BufferEncoding): [string, Buffer][] =>
    Object.entries((object[field] ?? {}) as Record<string, string>).map(([key, text]) => [
      key,
      Buffer.from(text, encoding),
    ])
  if (kind === 'secret') return new Map(decoded('data', 'base64'))
  return new Map([...decoded('data', 'utf8'), ...decoded('binaryData', 'base64')])
}

function downwardFiles({ pod, facts }: PayloadWish, source: JsonObject, mode: number): Payload {
  return new Map(
    listAt(source, ['items']).map((item) => {
      const fieldPath = textAt(item, ['fieldRef', 'fieldPath'])
      const resource = item['resourceFieldRef'] as unknown as ResourceReference | undefined
      const text =
        fieldPath === undefined && resource
          ? resourceValue(containerNamed(pod, resource.containerName), facts, resource)
          : fieldValue(pod, facts, fieldPath ?? '')
      const file = { data: Buffer.from(text), mode: numberAt(item, ['mode']) ?? mode }
      return [textAt(item, ['path']) ?? '', file]
    }),
  )
}

async function tokenFile(
  { pod, sources }: PayloadWish,
  source: JsonObject,
  mode: number,
): Promise<Payload> {
  const { token } = await sources.serviceAccountToken(pod, {
    audience: textAt(source, ['audience']) ?? '',
    expirationSeconds: numberAt(source, ['expirationSeconds']) ?? usualExpiration,
  })
  const uid = onlyUser(pod)
  const hasGroup = numberAt(pod, ['spec', 'securityContext', 'fsGroup']) !== undefined
  // Whoever is known to be the only reader is to be the only one.
  const own = uid !== undefined || hasGroup ? 0o600 : mode
  return new Map([
    [textAt(source, ['path']) ?? 'token', { data: Buffer.from(token), mode: own, uid }],
  ])
}

/** The user that all containers run as, where the pod says so. */
function onlyUser(pod: KubeObject): number | undefined {
  const usual = numberAt(pod, ['spec', 'securityContext', 'runAsUser'])
  const users = ['containers', 'initContainers', 'ephemeralContainers']
    .flatMap((field) => listAt(pod, ['spec', field]))
    .map((container) => numberAt(container, ['securityContext', 'runAsUser']) ?? usual)
  const [first] = users
  return users.every((user) => user === first) ? first : undefined
}
