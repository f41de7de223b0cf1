import { type ErrorCode, OperationError, describeError } from '../../native/error.ts'

const statuses: Partial<Readonly<Record<ErrorCode, number>>> = {
  INVALID_ARGUMENT: 400,
  INVALID_SPEC: 400,
  INVALID_IMAGE: 400,
  START_FAILED: 400,
  ACCESS_DENIED: 403,
  NOT_FOUND: 404,
  ALREADY_EXISTS: 409,
  BAD_STATE: 409,
  CONFLICT: 409,
  LOCKED: 409,
  UNSUPPORTED: 501,
}

/** The status code and text of an error, as docker's clients expect them. */
export function errorAnswer(error: unknown): { status: number; message: string } {
  if (!(error instanceof OperationError)) return { status: 500, message: describeError(error) }
  return { status: statuses[error.code] ?? 500, message: errorText(error) }
}

/** The docker command reads from the text of a failed start with what code it has to end. */
export function errorText(error: unknown): string {
  const text = describeError(error)
  const exitCode = error instanceof OperationError ? error.exitCode : undefined
  const code = error instanceof OperationError ? error.code : undefined
  if (code !== 'START_FAILED') return text
  if (exitCode === 127 && !/executable file not found|no such file/.test(text))
    return `${text}: executable file not found`
  if (exitCode === 126 && !/permission denied|is a directory/.test(text))
    return `${text}: permission denied`
  return text
}

export function noSuch(kind: string, name: string): OperationError {
  return new OperationError('NOT_FOUND', `No such ${kind}: ${name}`)
}

/** @throws {OperationError} `NOT_FOUND` in docker's words, anything else as it is */
export async function orNoSuch<Result>(
  kind: string,
  name: string,
  work: () => Promise<Result> | Result,
): Promise<Result> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof OperationError && error.code === 'NOT_FOUND') throw noSuch(kind, name)
    throw error
  }
}
