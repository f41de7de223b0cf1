import { OperationError, describeError } from '../../../native/error.ts'
import type { Engine } from '../engine.ts'
import type { Invocation } from '../command.ts'

/**
 * Do the same to several containers, one after the other, and print each name when done, or
 * what `act` gives in its place; nothing for an empty text. A
 * failure is reported and does not keep the others from their turn.
 * @returns 0, or the exit code of the last failure
 */
export async function eachContainer(
  { args, io, engine }: Pick<Invocation, 'args' | 'io' | 'engine'>,
  act: (engine: Engine, container: string) => Promise<string | void>,
): Promise<number> {
  let exitCode = 0
  const opened = await engine()
  for (const container of args) {
    try {
      const line = await act(opened, container)
      if (line !== '') io.stdout.write(`${line ?? container}\n`)
    } catch (error) {
      if (!(error instanceof OperationError)) throw error
      io.stderr.write(`mycontainer: ${describeError(error)}\n`)
      exitCode = error.exitCode ?? 125
    }
  }
  return exitCode
}
