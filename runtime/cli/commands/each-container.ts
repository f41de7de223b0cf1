import { OperationError, describeError } from '../../../native/error.ts'
import type { Engine } from '../engine.ts'
import type { Invocation } from '../command.ts'

export interface EachContainer extends Pick<Invocation, 'args' | 'io' | 'engine'> {
  /** All at the same time: for an act that mostly waits. */
  readonly together?: boolean
}

/**
 * Do the same to several containers, one after the other, and print each name when done, or
 * what `act` gives in its place; nothing for an empty text. A
 * failure is reported and does not keep the others from their turn.
 * @returns 0, or the exit code of the last failure
 */
export async function eachContainer(
  { args, io, engine, together = false }: EachContainer,
  act: (engine: Engine, container: string) => Promise<string | void>,
): Promise<number> {
  let exitCode = 0
  const opened = await engine()
  const attempt = async (container: string): Promise<() => void> => {
    try {
      const line = (await act(opened, container)) ?? container
      return () => void (line === '' || io.stdout.write(`${line}\n`))
    } catch (error) {
      if (!(error instanceof OperationError)) throw error
      return () => {
        io.stderr.write(`mycontainer: ${describeError(error)}\n`)
        exitCode = error.exitCode ?? 125
      }
    }
  }
  // Told in the order of the arguments, whoever is done first.
  const begun = together ? await Promise.all(args.map(attempt)) : []
  for (const [at, container] of args.entries()) (begun[at] ?? (await attempt(container)))()
  return exitCode
}
