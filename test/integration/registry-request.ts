import { type IncomingHttpHeaders, request } from 'node:http'

export interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
}

export interface RequestParts {
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: Buffer | string
  /** Send the body without saying how long it is. */
  readonly chunked?: boolean
}

/** One request, exactly as it is written here: no path is tidied up, no redirect is followed. */
export function send(
  url: string,
  method: string,
  path: string,
  { headers = {}, body, chunked = false }: RequestParts = {},
): Promise<Answer> {
  const { hostname, port } = new URL(url)
  const bytes = Buffer.from(body ?? '')
  const length = chunked || body === undefined ? {} : { 'Content-Length': String(bytes.length) }
  return new Promise((resolve, reject) => {
    const sent = request(
      { hostname, port, method, path, agent: false, headers: { ...length, ...headers } },
      (response) => {
        const pieces: Buffer[] = []
        response.on('data', (piece: Buffer) => pieces.push(piece))
        response.on('error', reject)
        response.on('end', () =>
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            body: Buffer.concat(pieces),
          }),
        )
      },
    )
    sent.on('error', reject)
    if (chunked) sent.write(bytes.subarray(0, 1))
    sent.end(chunked ? bytes.subarray(1) : body === undefined ? undefined : bytes)
  })
}

/** Path and query of a location, which may be absolute or relative, with more parameters. */
export function locationPath(
  answer: Answer,
  base: string,
  more: Readonly<Record<string, string>> = {},
): string {
  const location = new URL(String(answer.headers.location), base)
  for (const [key, value] of Object.entries(more)) location.searchParams.set(key, value)
  return `${location.pathname}${location.search}`
}

/** Codes of an error body, sorted, each once. */
export function codesOf({ body }: Answer): string[] {
  const { errors } = JSON.parse(body.toString()) as { errors: { code: string }[] }
  return [...new Set(errors.map(({ code }) => code))].toSorted()
}
