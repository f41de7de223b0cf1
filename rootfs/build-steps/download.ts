import { createHash } from 'node:crypto'
import { closeSync, openSync, rmSync, writeSync } from 'node:fs'
import { OperationError } from '../../native/error.ts'
import type { FileTime } from '../../native/file.ts'
import type { HttpResponse, HttpTransport } from '../registry-client/http-transport.ts'

export interface DownloadOptions {
  /** Path that the content is written to; nothing is there yet. */
  readonly file: string
  /** `--checksum`: "sha256:…", "sha384:…" or "sha512:…". */
  readonly checksum?: string | undefined
  readonly signal?: AbortSignal | undefined
  /** Bytes; absent: 16 GiB. */
  readonly maximumSize?: number | undefined
}

export interface Download {
  readonly file: string
  /** Of the server's Content-Disposition, else the end of the address; undefined where it has none. */
  readonly name: string | undefined
  /** Last-Modified. */
  readonly mtime: FileTime | undefined
  /** "sha256:…" */
  readonly digest: string
}

const defaultMaximumSize = 16 * 2 ** 30
const maximumRedirects = 10
const digestLengths: Readonly<Record<string, number>> = { sha256: 64, sha384: 96, sha512: 128 }

/**
 * Fetch what `ADD https://…` names.
 *
 * @throws {OperationError} `INVALID_ARGUMENT` for a bad address or checksum, or one that does not
 *   match; `NOT_FOUND` where the server has no such file; `UNREACHABLE`, `TIMEOUT`, `PROTOCOL`
 */
export async function download(address: string, options: DownloadOptions): Promise<Download> {
  const url = parseAddress(address)
  const checksum = options.checksum === undefined ? undefined : parseChecksum(options.checksum)
  const { createHttpTransport } = await import('../registry-client/http-transport.ts')
  const transport = createHttpTransport(() => ({
    authorities: [],
    client: undefined,
    verify: true,
  }))
  try {
    const response = await follow(transport, url)
    const hashes = await writeBody(response, address, options, checksum?.algorithm)
    if (checksum) requireChecksum(address, checksum, hashes.checked ?? '')
    const mtime = lastModified(response)
    return {
      file: options.file,
      name: fileName(response, url),
      mtime,
      digest: `sha256:${hashes.sha256}`,
    }
  } catch (error) {
    rmSync(options.file, { force: true })
    throw error
  } finally {
    transport.close()
  }
}

function parseAddress(address: string): URL {
  const url = URL.parse(address)
  if (url && (url.protocol === 'http:' || url.protocol === 'https:')) return url
  throw new OperationError(
    'INVALID_ARGUMENT',
    `download ${address}`,
    {},
    { hint: 'ADD takes http:// and https:// addresses', exitCode: 1 },
  )
}

interface Checksum {
  readonly algorithm: string
  readonly hex: string
}

/** @throws {OperationError} `INVALID_ARGUMENT` */
export function parseChecksum(text: string): Checksum {
  const [algorithm = '', hex = ''] = text.split(':')
  if (
    /^[0-9a-f]+$/.test(hex) &&
    Object.hasOwn(digestLengths, algorithm) &&
    hex.length === digestLengths[algorithm]
  )
    return { algorithm, hex }
  throw new OperationError(
    'INVALID_ARGUMENT',
    `read the checksum ${text.slice(0, 150)}`,
    {},
    { hint: 'Write it as sha256: and 64 hexadecimal digits', exitCode: 1 },
  )
}

function requireChecksum(address: string, { algorithm, hex }: Checksum, actual: string): void {
  if (hex === actual) return
  throw new OperationError(
    'INVALID_ARGUMENT',
    `check ${address}`,
    { expected: `${algorithm}:${hex}`, actual: `${algorithm}:${actual}` },
    { hint: 'The file is not the one that the Dockerfile means', exitCode: 1 },
  )
}

async function follow(transport: HttpTransport, start: URL): Promise<HttpResponse> {
  let url = start
  for (let redirects = 0; redirects <= maximumRedirects; redirects++) {
    const response = await transport
      .send({ method: 'GET', url, headers: { accept: '*/*' } })
      .catch((error: unknown) => {
        throw notReached(start, error)
      })
    const location = response.header('location')
    const isRedirect = response.status >= 301 && response.status <= 308 && location !== undefined
    if (response.status === 200) return response
    response.body.destroy()
    if (!isRedirect) throw refused(start, response.status)
    const next = URL.parse(location, url)
    // Whoever asked for TLS gets no answer without it.
    const isWorse = url.protocol === 'https:' && next?.protocol !== 'https:'
    if (!next || isWorse || !/^https?:$/.test(next.protocol)) throw refused(start, response.status)
    url = next
  }
  throw new OperationError('PROTOCOL', `download ${start.href}`, { reason: 'too many redirects' })
}

/** The transport speaks of registries, and this is none. */
function notReached(url: URL, error: unknown): unknown {
  if (!(error instanceof OperationError)) return error
  return new OperationError(error.code, `download ${url.href}`, error.detail, {
    hint: 'Check the address, and the network of this machine',
    exitCode: 1,
    cause: error,
  })
}

function refused(url: URL, status: number): OperationError {
  return new OperationError(
    status === 404 || status === 410 ? 'NOT_FOUND' : 'PROTOCOL',
    `download ${url.href}`,
    { status },
    { exitCode: 1 },
  )
}

async function writeBody(
  response: HttpResponse,
  address: string,
  { file, signal, maximumSize = defaultMaximumSize }: DownloadOptions,
  algorithm: string | undefined,
): Promise<{ sha256: string; checked: string | undefined }> {
  const sha256 = createHash('sha256')
  const other =
    algorithm === undefined || algorithm === 'sha256' ? undefined : createHash(algorithm)
  const descriptor = openSync(file, 'wx', 0o600)
  let size = 0
  try {
    for await (const piece of response.body as AsyncIterable<Buffer>) {
      signal?.throwIfAborted()
      size += piece.length
      if (size > maximumSize)
        throw new OperationError('INVALID_ARGUMENT', `download ${address}`, {
          maximum: maximumSize,
        })
      sha256.update(piece)
      other?.update(piece)
      for (let at = 0; at < piece.length;) at += writeSync(descriptor, piece, at)
    }
  } finally {
    closeSync(descriptor)
  }
  const announced = response.header('content-length')
  if (announced !== undefined && Number(announced) !== size)
    throw new OperationError('PROTOCOL', `download ${address}`, {
      expected: announced,
      received: size,
    })
  const hex = sha256.digest('hex')
  return { sha256: hex, checked: other?.digest('hex') ?? hex }
}

function lastModified(response: HttpResponse): FileTime | undefined {
  const milliseconds = Date.parse(response.header('last-modified') ?? '')
  if (!Number.isFinite(milliseconds)) return undefined
  return { seconds: Math.floor(milliseconds / 1000), nanoseconds: 0 }
}

/** A name without a path: the server must not choose the folder. */
function fileName(response: HttpResponse, url: URL): string | undefined {
  const disposition = response.header('content-disposition') ?? ''
  const given = /;\s*filename="?([^";]+)"?/i.exec(disposition)?.[1]
  const name = (given ?? decode(url.pathname)).split('/').at(-1) ?? ''
  return name === '' || name === '.' || name === '..' || name.includes('\0') ? undefined : name
}

function decode(path: string): string {
  try {
    return decodeURIComponent(path)
  } catch {
    return path
  }
}
