const manyFiles = 64
const manyBytes = 32 * 1024 * 1024

/**
 * For long work that is done synchronously: call what this gives for each file, and now and then
 * others (signals, the output of commands in other stages) get their turn.
 *
 * @returns a function that rejects with the reason once `signal` is aborted
 */
export function takeBreaths(
  signal: AbortSignal | undefined,
): (bytes: number) => Promise<void> | undefined {
  let files = 0
  let bytes = 0
  const breathe = async (): Promise<void> => {
    await new Promise((resolve) => setImmediate(resolve))
    signal?.throwIfAborted()
  }
  return (size) => {
    files++
    bytes += size
    if (files < manyFiles && bytes < manyBytes) return undefined
    files = 0
    bytes = 0
    return breathe()
  }
}
