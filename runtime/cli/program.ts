import { OperationError } from '../../native/error.ts'
import { checkArguments } from './command.ts'
import type { Command } from './command.ts'
import type { CommandIo } from './command-io.ts'
import type { CommandEntry } from './command-entry.ts'
import { commandGroups } from './command-groups.ts'
import { otherCommands, topCommands } from './command-table.ts'
import type { Engine } from './engine.ts'
import { parseFlags } from './flag-parser.ts'
import { imageCommands } from './image-commands.ts'
import { nearest } from './nearest.ts'

const programName = 'mycontainer'

/**
 * Run the command that `argv` names.
 * @param argv after the global flags: `['run', '-it', 'host', '/bin/sh']`
 * @returns the exit code
 * @throws {OperationError} what the command throws, and INVALID_ARGUMENT for an unknown one
 */
export async function runProgram(
  argv: readonly string[],
  io: CommandIo,
  engine: () => Promise<Engine>,
): Promise<number> {
  const found = findCommand(argv)
  if (!found) return printOverview(argv, io)
  const { entry, path, rest } = found
  const command = await entry.load()
  if (asksForHelp(command, rest)) {
    const { commandHelp } = await import('./help-text.ts')
    io.stdout.write(commandHelp(command, path, io.columns))
    return 0
  }
  const { interspersed } = command
  const { flags, args } = parseFlags(rest, command.flags, { command: path, interspersed })
  checkArguments(command, args, path)
  return command.run({ flags, args, io, engine, path })
}

interface FoundCommand {
  readonly entry: CommandEntry
  readonly path: string
  readonly rest: readonly string[]
}

function findCommand(argv: readonly string[]): FoundCommand | undefined {
  const [first = '', second = ''] = argv
  if (isHelp(first) || first === '') return undefined
  const entry = own(topCommands, first)
  if (entry) return { entry, path: `${programName} ${first}`, rest: argv.slice(1) }
  const group = own(commandGroups, first)
  if (!group)
    throw unknownCommand(programName, first, [
      ...Object.keys(topCommands),
      ...Object.keys(commandGroups),
      ...Object.keys(imageCommands),
    ])
  if (isHelp(second) || second === '') return undefined
  const inner = own(group.commands, second)
  const path = `${programName} ${first}`
  if (!inner) throw unknownCommand(path, second, Object.keys(group.commands))
  return { entry: inner, path: `${path} ${second}`, rest: argv.slice(2) }
}

function own<Value>(table: Readonly<Record<string, Value>>, name: string): Value | undefined {
  return Object.hasOwn(table, name) ? table[name] : undefined
}

function isHelp(word: string): boolean {
  return word === '--help' || word === '-h' || word === 'help'
}

/**
 * Whether --help stands where a flag of ours may stand: not after the image of run, not after
 * `--`. A flag's value that is `--help` is taken for the flag, as pflag never does, which only
 * matters to somebody who names a container so.
 */
function asksForHelp({ flags, interspersed }: Command, rest: readonly string[]): boolean {
  const hasShortHelp = !flags.some(({ short }) => short === 'h')
  const takesValue = new Set(
    flags
      .filter(({ kind }) => kind !== 'bool')
      .flatMap(({ name, short }) => [`--${name}`, ...(short === undefined ? [] : [`-${short}`])]),
  )
  for (let at = 0; at < rest.length; at++) {
    const word = rest[at] ?? ''
    if (word === '--help' || (word === '-h' && hasShortHelp)) return true
    if (word === '--' || (!interspersed && !word.startsWith('-'))) return false
    if (takesValue.has(word)) at++
  }
  return false
}

function unknownCommand(path: string, name: string, known: readonly string[]): OperationError {
  // Those on images get here only where no launcher was in between.
  const ofImages = own(imageCommands, name) && 'Images are the business of myimage'
  const instead = path === programName ? (own(otherCommands, name) ?? ofImages) : undefined
  const near = nearest(name, known)
  const guess = near === undefined ? `See '${path} --help'` : `Did you mean '${path} ${near}'?`
  const hint = instead ?? guess
  return new OperationError(
    'INVALID_ARGUMENT',
    `'${name}' is not a command of ${path}`,
    {},
    { hint },
  )
}

async function printOverview(argv: readonly string[], io: CommandIo): Promise<number> {
  const { groupHelp, programHelp } = await import('./overview-text.ts')
  // `help run` is another spelling of `run --help`.
  if (argv[0] === 'help' && argv.length > 1)
    return runProgram([...argv.slice(1), '--help'], io, () =>
      Promise.reject(new OperationError('INTERNAL', 'open the engine for help')),
    )
  const group = own(commandGroups, argv[0] ?? '')
  io.stdout.write(group ? groupHelp(`${programName} ${argv[0]}`, group) : programHelp(programName))
  return 0
}
