import { enableCompileCache } from 'node:module'
import { Command, CommanderError } from 'commander'
import { describeError, OperationError } from '../../native/error.ts'
import type { StepRunner } from '../build-steps/run-request.ts'
import { addBuild } from './build.ts'
import { addCopy } from './copy.ts'
import { addDiff } from './diff.ts'
import { addExport } from './export.ts'
import { addFromHost } from './from-host.ts'
import { addHistory } from './history.ts'
import { addImport } from './import.ts'
import { addInspect } from './inspect.ts'
import { addLoad } from './load.ts'
import { addLs } from './ls.ts'
import { addLogin, addLogout } from './login.ts'
import { addPrune } from './prune.ts'
import { addPull } from './pull.ts'
import { addPush } from './push.ts'
import { addRm } from './rm.ts'
import { addSave } from './save.ts'
import { addServe } from './serve.ts'
import { addTag } from './tag.ts'
import { addTree } from './tree.ts'
import { addUntag } from './untag.ts'
import { addVerify } from './verify.ts'
import { print, printError } from './print.ts'

const engineError = 125

/** What the command line needs of parts above `rootfs/`, which it may not import. */
export interface CommandParts {
  /** @param root as `--root` has it */
  openStepRunner(root: string | undefined): Promise<StepRunner>
}

/** Where compiled code is kept between runs: a folder of the user's own, so that nobody else's code is run. */
function compileCacheFolder(): string | undefined {
  // Root of an ordinary user's namespace may not write there.
  const isRoot = process.geteuid?.() === 0 && process.env['MYCONTAINER_ROOTLESS_UID'] === undefined
  if (isRoot) return '/var/cache/mycontainer/compile'
  const home = process.env['HOME']
  const cache = process.env['XDG_CACHE_HOME'] || (home && `${home}/.cache`)
  return cache ? `${cache}/mycontainer/compile` : undefined
}

function makeProgram(parts: CommandParts): Command {
  const program = new Command('myimage')
    .description('Store, import and make container images')
    .option('--root <folder>', 'keep all state below this folder')
    .exitOverride()
    .configureOutput({ writeOut: print, writeErr: printError, outputError: () => undefined })
    .showSuggestionAfterError(true)
  const commands: readonly ((program: Command, parts: CommandParts) => void)[] = [
    addBuild,
    addFromHost,
    addLoad,
    addImport,
    addPull,
    addPush,
    addCopy,
    addLogin,
    addLogout,
    addLs,
    addInspect,
    addHistory,
    addTag,
    addUntag,
    addRm,
    addPrune,
    addSave,
    addExport,
    addDiff,
    addTree,
    addVerify,
    addServe,
  ]
  for (const add of commands) add(program, parts)
  return program
}

/** Carry out what the words of this process ask for; sets the exit code. */
export async function runMyimage(parts: CommandParts): Promise<void> {
  const folder = compileCacheFolder()
  if (folder !== undefined) enableCompileCache(folder)
  const program = makeProgram(parts)
  if (process.argv.length <= 2) {
    print(program.helpInformation())
    return
  }
  try {
    await program.parseAsync()
  } catch (error) {
    process.exitCode = report(error)
  }
}

function report(error: unknown): number {
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) return 0
    printError(`myimage: ${error.message.replace(/^error: /, '').replaceAll('\n', ' ')}\n`)
    return engineError
  }
  printError(`myimage: ${describeError(error)}\n`)
  return error instanceof OperationError ? (error.exitCode ?? engineError) : engineError
}
