/** Whether `error` is a failed file operation of Node with this errno name. */
export function isSystemError(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code
}
