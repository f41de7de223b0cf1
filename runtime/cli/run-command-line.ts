import { OperationError, describeError } from '../../native/error.ts'
import type { CommandIo } from './command-io.ts'
import type { Engine, OpenEngine } from './engine.ts'
import { readGlobalFlags } from './global-flags.ts'
import { runProgram } from './program.ts'

/** What docker and podman end with when the engine, not the program, failed. */
const engineFailure = 125

/**
 * One command line from its words to its exit code. Failures become one line on stderr; nothing
 * is thrown. The resident engine calls this for its clients, so it touches no global state.
 * @param argv without the program's name
 */
export async function runCommandLine(
  argv: readonly string[],
  io: CommandIo,
  openEngine: OpenEngine,
): Promise<number> {
  let debug = argv.includes('--debug') || argv.includes('-D')
  try {
    const globals = readGlobalFlags(argv, io)
    ;({ debug } = globals)
    if (globals.rest[0] === 'internal') {
      const { runInternalCommand } = await import('./internal-command.ts')
      return await runInternalCommand(globals.rest.slice(1), globals.root)
    }
    let opened: Promise<Engine> | undefined
    const engine = () =>
      (opened ??= openEngine({ root: globals.root, env: io.env, debug: globals.debug }))
    return await runProgram(globals.version ? ['version'] : globals.rest, io, engine)
  } catch (error) {
    io.stderr.write(`mycontainer: ${describeError(error)}\n`)
    if (debug && error instanceof Error) io.stderr.write(`${stackOf(error)}\n`)
    return error instanceof OperationError ? (error.exitCode ?? engineFailure) : engineFailure
  }
}

function stackOf(error: Error): string {
  const cause = error.cause instanceof Error ? `\ncaused by ${stackOf(error.cause)}` : ''
  return `${error.stack ?? error.message}${cause}`
}
