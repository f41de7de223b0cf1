import { createHash, randomBytes } from 'node:crypto'

// Content to push, and the requests that push it: what every test of a registry begins with.

export interface Content {
  readonly bytes: Buffer
  readonly digest: string
  readonly size: number
}

export interface Manifest extends Content {
  readonly mediaType: string
}

export const ociManifest = 'application/vnd.oci.image.manifest.v1+json'
export const ociIndex = 'application/vnd.oci.image.index.v1+json'
export const ociConfig = 'application/vnd.oci.image.config.v1+json'
export const ociLayer = 'application/vnd.oci.image.layer.v1.tar'
export const dockerManifest = 'application/vnd.docker.distribution.manifest.v2+json'
export const dockerList = 'application/vnd.docker.distribution.manifest.list.v2+json'

export function digestOf(bytes: Buffer, algorithm: 'sha256' | 'sha512' = 'sha256'): string {
  return `${algorithm}:${createHash(algorithm).update(bytes).digest('hex')}`
}

export function blobOf(content: string | Buffer, algorithm?: 'sha256' | 'sha512'): Content {
  const bytes = Buffer.from(content)
  return { bytes, digest: digestOf(bytes, algorithm), size: bytes.length }
}

export function randomBlob(size: number): Content {
  return blobOf(randomBytes(size))
}

export function descriptorOf({ digest, size }: Content, mediaType: string): object {
  return { mediaType, digest, size }
}

/** Fields beside, or instead of, the usual ones. */
export interface ManifestFields {
  readonly mediaType?: string
  readonly [field: string]: unknown
}

/** A manifest of an image or artifact. */
export function manifestOf(
  config: Content,
  layers: readonly Content[],
  more: ManifestFields = {},
): Manifest {
  const document = {
    schemaVersion: 2,
    mediaType: ociManifest,
    config: descriptorOf(config, ociConfig),
    layers: layers.map((layer) => descriptorOf(layer, ociLayer)),
    ...more,
  }
  return { ...blobOf(JSON.stringify(document)), mediaType: document.mediaType }
}

export function indexOf(manifests: readonly Manifest[], more: ManifestFields = {}): Manifest {
  const document = {
    schemaVersion: 2,
    mediaType: ociIndex,
    manifests: manifests.map((manifest) => descriptorOf(manifest, manifest.mediaType)),
    ...more,
  }
  return { ...blobOf(JSON.stringify(document)), mediaType: document.mediaType }
}

/** Push a blob with `POST` and `PUT`. @throws {Error} for anything but 201 */
export async function pushBlob(
  url: string,
  name: string,
  blob: Content,
  headers: Record<string, string> = {},
): Promise<void> {
  const started = await fetch(`${url}/v2/${name}/blobs/uploads/`, { method: 'POST', headers })
  await started.arrayBuffer()
  const location = new URL(started.headers.get('location') ?? '', url)
  location.searchParams.set('digest', blob.digest)
  const ended = await fetch(location, {
    method: 'PUT',
    body: new Uint8Array(blob.bytes),
    headers: { ...headers, 'Content-Type': 'application/octet-stream' },
  })
  await requireStatus(ended, 201)
}

/** @throws {Error} for anything but 201 */
export async function pushManifest(
  url: string,
  name: string,
  manifest: Manifest,
  reference: string = manifest.digest,
  headers: Record<string, string> = {},
): Promise<Response> {
  const answer = await putManifest(url, name, manifest, reference, headers)
  await requireStatus(answer, 201)
  return answer
}

export function putManifest(
  url: string,
  name: string,
  manifest: Manifest,
  reference: string = manifest.digest,
  headers: Record<string, string> = {},
): Promise<Response> {
  return fetch(`${url}/v2/${name}/manifests/${reference}`, {
    method: 'PUT',
    body: new Uint8Array(manifest.bytes),
    headers: { 'Content-Type': manifest.mediaType, ...headers },
  })
}

/** Push blobs and a manifest of them. @returns the manifest */
export async function pushImage(
  url: string,
  name: string,
  reference: string,
  layers: readonly Content[] = [randomBlob(1000)],
  headers: Record<string, string> = {},
): Promise<Manifest> {
  const config = randomBlob(100)
  for (const blob of [config, ...layers]) await pushBlob(url, name, blob, headers)
  const manifest = manifestOf(config, layers)
  await pushManifest(url, name, manifest, reference, headers)
  return manifest
}

async function requireStatus(answer: Response, status: number): Promise<void> {
  const body = await answer.text()
  if (answer.status !== status)
    throw new Error(`${answer.url}: ${answer.status} instead of ${status}: ${body}`)
}

/** Codes of an error body. */
export async function errorCodes(answer: Response): Promise<string[]> {
  const body = (await answer.json()) as { errors: { code: string }[] }
  return body.errors.map(({ code }) => code)
}
