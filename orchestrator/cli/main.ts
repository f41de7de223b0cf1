import { Command, CommanderError } from 'commander'
import { describeError, OperationError } from '../../native/error.ts'
import { addApiResources } from './api-resources.ts'
import { addApply } from './apply.ts'
import { addAttach } from './attach.ts'
import { addAuth } from './auth.ts'
import { addAutoscale } from './autoscale.ts'
import { addBackup, addRestore } from './backup.ts'
import { addClusterInfo } from './cluster-info.ts'
import { addCluster } from './cluster.ts'
import { addConfig } from './config.ts'
import { addCordon } from './cordon.ts'
import { addCp } from './cp.ts'
import { addCreate } from './create.ts'
import { addDebug } from './debug.ts'
import { addDelete } from './delete.ts'
import { addDescribe } from './describe.ts'
import { addDiff } from './diff.ts'
import { addDrain } from './drain.ts'
import { addEdit } from './edit.ts'
import { addEvents } from './events.ts'
import { addExec } from './exec.ts'
import { addExplain } from './explain.ts'
import { addExpose } from './expose.ts'
import { addGet } from './get.ts'
import { addImage } from './image.ts'
import { addKustomize } from './kustomize.ts'
import { addAnnotate, addLabel } from './label.ts'
import { addLogs } from './logs.ts'
import { addNode } from './node.ts'
import { addPatch } from './patch.ts'
import { addPortForward } from './port-forward.ts'
import { addProxy } from './proxy.ts'
import { addReplace } from './replace.ts'
import { addRollout } from './rollout.ts'
import { addRun } from './run.ts'
import { addScale } from './scale.ts'
import { addScheduler } from './scheduler.ts'
import { addServer } from './server.ts'
import { addSet } from './set.ts'
import { addTaint } from './taint.ts'
import { addToken } from './token.ts'
import { addTop } from './top.ts'
import { addTrace } from './trace.ts'
import { addVersion, ownVersion } from './version.ts'
import { addWait } from './wait.ts'
import { addWhy } from './why.ts'

const usageError = 2
const usualError = 1

/** In the order in which help shows them. */
const commands: readonly ((program: Command) => void)[] = [
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
  addKustomize,
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
  addDebug,
  addProxy,
]

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
  for (const add of commands) add(program)
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
