import { writeOutput } from '../../native/standard-output.ts'

// Whoever reads our lines may have enough of them (`| head`); what was begun is finished all the same.

/** To standard output. */
export function print(chunk: string | Uint8Array): void {
  writeOutput(1, chunk)
}

/** To standard error. */
export function printError(text: string): void {
  writeOutput(2, text)
}
