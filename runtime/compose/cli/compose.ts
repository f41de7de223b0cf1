// `mycontainer compose`: flags of its own, then a command of its own.

import { OperationError } from '../../../native/error.ts'
import { checkArguments } from '../../cli/command.ts'
import type { Command, Invocation } from '../../cli/command.ts'
import type { CommandIo } from '../../cli/command-io.ts'
import type { Engine } from '../../cli/engine.ts'
import { parseFlags } from '../../cli/flag-parser.ts'
import { flag } from '../../cli/flag-spec.ts'
import { commandHelp } from '../../cli/help-text.ts'
import { nearest } from '../../cli/nearest.ts'
import { formatTable } from '../../cli/output/table.ts'
import type { ParsedFlags } from '../../cli/parsed-flags.ts'
import type { Session } from '../act/session.ts'
import type { Project } from '../model/project.ts'
import type { ComposeCommand } from './compose-command.ts'
import { composeCommands, hiddenCommands } from './table.ts'

export const composeCommand: Command = {
  usage: '[OPTIONS] COMMAND',
  summary:
    'Define and run multi-container applications with a compose.yaml file.\nWithout a command: lists the commands.',
  flags: [
    flag('bool', 'all-resources', 'Include all resources, even those not used by services'),
    flag('string', 'ansi', 'Control when to print ANSI control characters', { hidden: true }),
    flag('bool', 'compatibility', 'Run compose in backward compatibility mode', { hidden: true }),
    flag('bool', 'dry-run', 'Say what would be done, and do nothing'),
    flag('list', 'env-file', 'Specify an alternate environment file'),
    flag('list', 'file,f', 'Compose configuration files'),
    flag('int', 'parallel', 'Control max parallelism', { hidden: true }),
    flag('list', 'profile', 'Specify a profile to enable'),
    flag('string', 'progress', 'Set type of progress output (auto, plain, quiet)'),
    flag('string', 'project-directory', 'Specify an alternate working directory'),
    flag('string', 'project-name,p', 'Project name'),
  ],
  minimumArguments: 0,
  interspersed: false,
  async run(invocation) {
    const { args, io, path } = invocation
    const [name, ...rest] = args
    if (name === undefined || name === 'help') {
      io.stdout.write(await overview(path))
      return 0
    }
    if (name === 'version') {
      const { version } = await (await invocation.engine()).version()
      io.stdout.write(`mycontainer compose version ${version}\n`)
      return 0
    }
    const load = Object.hasOwn(composeCommands, name) ? composeCommands[name] : undefined
    if (!load) throw unknownCommand(name, path)
    return runComposeCommand(await load(), `${path} ${name}`, rest, invocation)
  },
}

async function runComposeCommand(
  command: ComposeCommand,
  path: string,
  words: readonly string[],
  { io, engine: open, flags: globals }: Invocation,
): Promise<number> {
  const asked: Command = { ...command, run: () => Promise.resolve(0) }
  const end = command.interspersed
    ? words.indexOf('--')
    : words.findIndex((word) => !word.startsWith('-'))
  const own = end < 0 ? words : words.slice(0, end)
  if (own.includes('--help') || own.includes('-h')) {
    io.stdout.write(commandHelp(asked, path, io.columns))
    return 0
  }
  const { interspersed } = command
  const { flags, args } = parseFlags(words, command.flags, { command: path, interspersed })
  checkArguments(asked, args, path)
  const engine = await open()
  const warn = (text: string): void => void io.stderr.write(`mycontainer: ${text}\n`)
  const isQuiet = globals.string('progress') === 'quiet'
  const sessionOf = (project: Project): Session => ({
    project,
    engine,
    io,
    warn,
    isDryRun: globals.bool('dry-run'),
    say: (what, step) => {
      if (!isQuiet)
        io.stderr.write(` ${globals.bool('dry-run') ? 'DRY-RUN MODE -  ' : ''}${what}  ${step}\n`)
    },
  })
  return command.run({
    flags,
    args,
    io,
    engine,
    globals,
    session: async (services) => sessionOf(await project(globals, io, warn, services)),
    sessionOrRemains: async () => sessionOf(await projectOrRemains(globals, io, warn, engine)),
  })
}

async function project(
  globals: ParsedFlags,
  io: CommandIo,
  warn: (text: string) => void,
  services: readonly string[] = [],
): Promise<Project> {
  const { loadProject } = await import('../file/load-project.ts')
  return loadProject({
    files: globals.list('file'),
    projectDirectory: globals.string('project-directory'),
    projectName: globals.string('project-name'),
    envFiles: globals.list('env-file'),
    profiles: globals.list('profile'),
    services,
    cwd: io.cwd,
    env: io.env,
    warn,
  })
}

/** What has a name is found by its containers, also where its files are gone. */
async function projectOrRemains(
  globals: ParsedFlags,
  io: CommandIo,
  warn: (text: string) => void,
  engine: Engine,
): Promise<Project> {
  const name = globals.string('project-name') ?? io.env['COMPOSE_PROJECT_NAME']
  try {
    // Whose profile is not wanted is taken down all the same.
    return await project(globals, io, warn)
  } catch (error) {
    const isMissing = error instanceof OperationError && error.step === 'find a compose file'
    if (!isMissing || name === undefined || globals.has('file')) throw error
  }
  const { projectContainers } = await import('../act/project-containers.ts')
  await projectContainers(engine, name)
  return {
    name,
    folder: io.cwd,
    files: [],
    services: {},
    disabled: {},
    networks: {},
    volumes: {},
    secrets: {},
    configs: {},
    environment: io.env,
  }
}

async function overview(path: string): Promise<string> {
  const shown = Object.entries(composeCommands).filter(([name]) => !hiddenCommands.has(name))
  const rows = await Promise.all(
    shown.map(async ([name, load]) => [`  ${name}`, (await load()).summary]),
  )
  return `Usage:  ${path} [OPTIONS] COMMAND\n\nDefine and run multi-container applications\n\nCommands:\n${formatTable(rows)}\nOptions before the command: ${path} --help\n`
}

function unknownCommand(name: string, path: string): OperationError {
  const near = nearest(name, Object.keys(composeCommands))
  return new OperationError(
    'INVALID_ARGUMENT',
    `'${name}' is not a command of ${path}`,
    {},
    {
      exitCode: 1,
      hint: near === undefined ? `See '${path}'` : `Did you mean '${path} ${near}'?`,
    },
  )
}
