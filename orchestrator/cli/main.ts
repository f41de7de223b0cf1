import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Command, CommanderError } from 'commander'
import { describeError, OperationError } from '../../native/error.ts'
import { packageRoot } from '../../native/paths.ts'
import { addApiResources } from './api-resources.ts'
import { addApply } from './apply.ts'
import { addBackup, addRestore } from './backup.ts'
import { addCluster } from './cluster.ts'
import { addCreate } from './create.ts'
import { addDelete } from './delete.ts'
import { addDescribe } from './describe.ts'
import { addEvents } from './events.ts'
import { addExec } from './exec.ts'
import { addGet } from './get.ts'
import { addImage } from './image.ts'
import { addLogs } from './logs.ts'
import { addRollout } from './rollout.ts'
import { addRun } from './run.ts'
import { addScale } from './scale.ts'
import { addToken } from './token.ts'
import { addTop } from './top.ts'
import { addTrace } from './trace.ts'
import { addWait } from './wait.ts'
import { addWhy } from './why.ts'
import { addNode } from './node.ts'
import { addScheduler } from './scheduler.ts'
import { addServer } from './server.ts'

const usageError = 2
const usualError = 1

function makeProgram(): Command {
  const program = new Command('myorch')
    .description('A Kubernetes-compatible cluster on our own runtime')
    // Commands and their subcommands may have flags of the same names.
    .enablePositionalOptions()
    .exitOverride()
    .configureOutput({ outputError: () => undefined })
    .showSuggestionAfterError(true)
    .option('-v, --version', 'print the version and quit')
    .on('option:version', () => {
      writeVersion()
      throw new CommanderError(0, 'commander.version', '')
    })
  for (const add of [
    addCluster,
    addServer,
    addNode,
    addRun,
    addToken,
    addTrace,
    addWhy,
    addImage,
    addScheduler,
    addBackup,
    addRestore,
    addGet,
    addApply,
    addCreate,
    addDelete,
    addDescribe,
    addApiResources,
    addScale,
    addRollout,
    addWait,
    addEvents,
    addTop,
    addLogs,
    addExec,
  ])
    add(program)
  program.command('version').description('Print the version').action(writeVersion)
  return program
}

function writeVersion(): void {
  const text = readFileSync(join(packageRoot, 'package.json'), 'utf8')
  process.stdout.write(`myorch ${(JSON.parse(text) as { version: string }).version}\n`)
}

async function main(): Promise<void> {
  try {
    await makeProgram().parseAsync(process.argv)
  } catch (error) {
    if (error instanceof CommanderError) {
      if (error.exitCode === 0) return
      // Its help has been written already.
      if (error.code === 'commander.help') {
        process.exitCode = usageError
        return
      }
      process.stderr.write(`myorch: ${error.message.replace(/^error: /, '')}\n`)
      process.exitCode = usageError
      return
    }
    process.stderr.write(`myorch: ${describeError(error)}\n`)
    process.exitCode = (error instanceof OperationError ? error.exitCode : undefined) ?? usualError
  }
}

void main()
