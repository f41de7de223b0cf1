import type { Command } from 'commander'
import { OperationError } from '../../native/error.ts'
import type { BuildTools, ExplainedStage } from '../build/execute/build-request.ts'
import type { StepRunner } from '../build-steps/run-request.ts'
import type { BuildView } from '../build/progress/plain-view.ts'
import type { BuildFlags } from './build-flags.ts'
import { addBuildFlags, separateContext } from './build-flags.ts'
import type { RegistryAccess } from '../registry-client/registry-access.ts'
import type { CommandContext } from './context.ts'
import type { CommandParts } from './main.ts'
import { withStore } from './register.ts'
import { readTerminalSize, type TerminalSize } from '../../native/terminal.ts'
import { printError } from './print.ts'

/** `myimage build`. */
export function addBuild(program: Command, parts: CommandParts): void {
  const command = addBuildFlags(
    program
      .command('build')
      .alias('bud')
      .description('Build an image of a Dockerfile')
      .argument('[context]', 'folder or archive with the files; "-" for standard input', '.'),
  )
  withStore(command, async (context, given: string, all: BuildFlags) => {
    const { folder, flags } = separateContext(given, all)
    const { root } = command.optsWithGlobals<{ root?: string }>()
    try {
      await runBuild(context, folder, flags, toolsFor(context, root, parts))
    } catch (error) {
      // The place in the Dockerfile takes lines of its own; the error itself stays one line.
      if (error instanceof OperationError && 'excerpt' in error)
        printError(`${String(error.excerpt)}\n`)
      throw error
    }
  })
}

type Tools = BuildTools & {
  readonly openRegistries: () => Promise<RegistryAccess>
  readonly close: () => void
}

/** What executes RUN is only loaded when one has to be executed. */
function toolsFor(context: CommandContext, root: string | undefined, parts: CommandParts): Tools {
  let opened: Promise<StepRunner> | undefined
  let access: Promise<RegistryAccess> | undefined
  const open = async (): Promise<StepRunner> => {
    const runner = await parts.openStepRunner(root)
    await runner.repair()
    return runner
  }
  return {
    runStep: async (request) => {
      opened ??= open()
      return (await opened).run(request)
    },
    openRegistries: () => {
      access ??= openRegistries(context)
      return access
    },
    pullImage: async (reference, { os, architecture, variant }) => {
      const { withRegistries } = await import('./registry-flags.ts')
      const { openTransferView } = await import('./transfer-view.ts')
      const { pullImage } = await import('../copy/pull-image.ts')
      const progress = openTransferView(true)
      const platform = [os, architecture, ...(variant ? [variant] : [])].join('/')
      return withRegistries({}, context.note, (access) =>
        pullImage(context.store, reference, { access, platform, progress }),
      )
    },
    close: () => {
      for (const each of [opened, access])
        void each?.then((closable) => closable.close()).catch(() => undefined)
    },
  }
}

async function pushNames(
  store: CommandContext['store'],
  names: readonly string[],
  { openRegistries }: Tools,
  { show }: BuildView,
): Promise<void> {
  const { pushImage } = await import('../copy/push-image.ts')
  const { silentProgress } = await import('../copy/transfer-progress.ts')
  const note = (text: string): void => show({ kind: 'note', text })
  const progress = { ...silentProgress, note }
  const conversion = { format: undefined, compression: undefined }
  const access = await openRegistries()
  for (const name of names) {
    const { digest } = await pushImage(store, name, name, { access, conversion, progress })
    note(`pushed ${name}: ${digest}`)
  }
}

async function openRegistries({ note }: CommandContext): Promise<RegistryAccess> {
  const { openRegistryAccess } = await import('../registry-client/registry-access.ts')
  return openRegistryAccess({ environment: process.env, onNote: note })
}

async function runBuild(
  { store, print }: CommandContext,
  folder: string,
  flags: BuildFlags,
  tools: Tools,
): Promise<void> {
  const { readRequest } = await import('../build/read-request.ts')
  const opened = await readRequest(folder, flags)
  const abort = new AbortController()
  const stop = (): void =>
    abort.abort(new OperationError('BAD_STATE', 'build: interrupted', {}, { exitCode: 130 }))
  process.once('SIGINT', stop).once('SIGTERM', stop)
  try {
    if (flags.dryRun) {
      const { explainBuild } = await import('../build/execute/build-image.ts')
      const stages = await explainBuild(store, opened.request, tools)
      return print(await explanation(stages, flags))
    }
    const view = await openView(flags)
    const onExplain = async (stages: readonly ExplainedStage[]): Promise<void> => {
      printError(`${await explanation(stages, flags)}\n\n`)
    }
    const request = {
      ...opened.request,
      signal: abort.signal,
      onEvent: view.show,
      ...(flags.explain ? { onExplain } : {}),
    }
    try {
      const { buildAndPut } = await import('../build/build-and-put.ts')
      const id = await buildAndPut(store, request, tools, opened.outputs)
      if (flags.push) await pushNames(store, request.references, tools, view)
      if (flags.iidfile !== undefined) await writeId(flags.iidfile, id)
      view.end()
      // An archive on standard output must stay one.
      if (!opened.outputs.some(({ destination }) => destination === '-')) print(id)
    } catch (error) {
      view.end()
      throw error
    }
  } finally {
    process.off('SIGINT', stop).off('SIGTERM', stop)
    tools.close()
    opened.close()
  }
}

async function explanation(
  stages: readonly ExplainedStage[],
  { format }: BuildFlags,
): Promise<string> {
  if (format === 'json') return JSON.stringify(stages, undefined, 2)
  const { formatExplanation } = await import('../build/progress/format-explanation.ts')
  return formatExplanation(stages).join('\n')
}

async function openView({ quiet, progress = 'auto' }: BuildFlags): Promise<BuildView> {
  const now = (): number => performance.now()
  if (quiet || progress === 'quiet') {
    const { openQuietView } = await import('../build/progress/quiet-view.ts')
    return openQuietView(printError)
  }
  const size = (): TerminalSize | undefined => readTerminalSize(2)
  if (progress === 'tty' || (progress === 'auto' && size())) {
    const { openTerminalView } = await import('../build/progress/terminal-view.ts')
    const columns = (): number => size()?.columns || 80
    const rows = (): number => size()?.rows || 24
    return openTerminalView({ write: printError, columns, rows }, now)
  }
  const { openPlainView } = await import('../build/progress/plain-view.ts')
  return openPlainView(printError, now)
}

async function writeId(path: string, id: string): Promise<void> {
  const { writeFileSync } = await import('node:fs')
  writeFileSync(path, id)
}
