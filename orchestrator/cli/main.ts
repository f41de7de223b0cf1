import { Command, CommanderError } from 'commander'
import { describeError, OperationError } from '../../native/error.ts'
import { addApiResources } from './api-resources.ts'
import { addAnnotate, addLabel } from './label.ts'
import { addCordon } from './cordon.ts'
import { addDrain } from './drain.ts'
import { addPatch } from './patch.ts'
import { addAutoscale } from './autoscale.ts'
import { addAttach } from './attach.ts'
import { addAuth } from './auth.ts'
import { addClusterInfo } from './cluster-info.ts'
import { addConfig } from './config.ts'
import { addCp } from './cp.ts'
import { addExplain } from './explain.ts'
import { addPortForward } from './port-forward.ts'
import { addVersion, ownVersion } from './version.ts'
import { addDiff } from './diff.ts'
import { addEdit } from './edit.ts'
import { addExpose } from './expose.ts'
import { addReplace } from './replace.ts'
import { addSet } from './set.ts'
import { addTaint } from './taint.ts'
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
    addLabel,
    addAnnotate,
    addPatch,
    addCordon,
    addDrain,
    addTaint,
    addSet,
    addExpose,
    addAutoscale,
    addReplace,
    addEdit,
    addDiff,
    addAuth,
    addClusterInfo,
    addVersion,
    addConfig,
    addExplain,
    addCp,
    addPortForward,
    addAttach,
  ])
    add(program)
  return program
}

function writeVersion(): void {
  process.stdout.write(`myorch ${ownVersion()}\n`)
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
