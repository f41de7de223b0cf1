const codes = new Set(['ECONNRESET', 'EPIPE', 'ERR_STREAM_PREMATURE_CLOSE', 'ERR_STREAM_DESTROYED'])

/** Whether a request ended because its connection did, of which nobody can be told. */
export function isConnectionEnd(error: unknown): boolean {
  return error instanceof Error && 'code' in error && codes.has(String(error.code))
}
