// Entry of the bundle that the launcher starts for the OCI runtime.

import { OperationError, describeError } from '../../../native/error.ts'
import { writeOutput } from '../../../native/standard-output.ts'
import { parseFlags } from '../../cli/flag-parser.ts'
import { type Caller, readCaller } from '../caller.ts'
import { openLog } from '../oci-log.ts'
import { ociCommands } from './command-table.ts'
import { type GlobalFlags, doubleDashes, parseGlobalFlags } from './global-flags.ts'

/** What runc ends with where a command fails; for exec another one, since its own code is the program's. */
const failedCode = 1
const failedExecCode = 255

async function main(): Promise<void> {
  // Files that are not there are asked for by the dozen, and nobody reads where from.
  Error.stackTraceLimit = 0
  const caller = readCaller(process.env)
  const argv = process.argv.slice(2)
  caller.end(await runCommandLine(argv, caller))
}

async function runCommandLine(argv: readonly string[], caller: Caller): Promise<number> {
  let globals: GlobalFlags | undefined
  let name = ''
  try {
    const parsed = parseGlobalFlags(argv, process.env)
    globals = parsed.globals
    const [command, ...words] = parsed.words
    name = command ?? ''
    if (globals.version || globals.help || name === '' || name === 'help')
      return await showAbout(globals, words[0])
    return await runCommand(name, words, globals, caller)
  } catch (error) {
    report(error, globals)
    return name === 'exec' ? failedExecCode : failedCode
  }
}

async function runCommand(
  name: string,
  words: readonly string[],
  globals: GlobalFlags,
  caller: Caller,
): Promise<number> {
  const load = Object.hasOwn(ociCommands, name) ? ociCommands[name] : undefined
  if (!load)
    throw new OperationError(
      'INVALID_ARGUMENT',
      `unknown command ${JSON.stringify(name)}`,
      {},
      { hint: 'See "mycontainer-oci --help"' },
    )
  const command = await load()
  if (words.includes('--help') || (command.interspersed !== false && words.includes('-h')))
    return showAbout(globals, name)
  const { flags, args } = parseFlags(doubleDashes(words, command.flags), command.flags, {
    command: `mycontainer-oci ${name}`,
    interspersed: command.interspersed ?? true,
  })
  if (args.length < command.minimumArguments || args.length > command.maximumArguments)
    throw new OperationError(
      'INVALID_ARGUMENT',
      `wrong number of arguments for "${name}"`,
      { given: args.length },
      { hint: `Usage: mycontainer-oci ${name} ${command.usage}` },
    )
  const print = (text: string): void => void writeOutput(1, text)
  return command.run({
    flags,
    args,
    globals,
    caller,
    log: openLog(globals.log),
    env: process.env,
    print,
  })
}

async function showAbout(globals: GlobalFlags, command: string | undefined): Promise<number> {
  const { helpText, versionText } = await import('./about.ts')
  writeOutput(1, globals.version ? versionText() : await helpText(command))
  return 0
}

/** To the log, where engines look, and to standard error, where people do. */
function report(error: unknown, globals: GlobalFlags | undefined): void {
  const message = describeError(error)
  const log = globals?.log
  if (log?.path !== undefined || log?.format === 'json') openLog(log).write('error', message)
  if (log?.path !== undefined || log?.format !== 'json')
    writeOutput(2, `mycontainer-oci: ${message}\n`)
}

void main()
