import type { Command } from 'commander'
import type { KubeObject } from '../../api/object.ts'
import { StatusError } from '../../api/status-error.ts'
import { UnreachableError } from '../../client/open-connection.ts'
import { dryRunSuffix, readDryRun } from './dry-run.ts'
import { addFlag } from './flag-forms.ts'
import type { Manifest } from './read-manifests.ts'
import { CommandFailure, failureText } from './session.ts'
import type { Session } from './session.ts'

/** Of the commands that take files. */
export interface ManifestFlags {
  readonly filename?: string[]
  /** A folder; instead of files. */
  readonly kustomize?: string
  readonly recursive?: boolean
  readonly output?: string
  readonly dryRun?: string | boolean
  /** For `fieldValidation`. */
  readonly validate: string
}

export interface Done {
  readonly object: KubeObject
  readonly verb: string
}

const validations: Readonly<Record<string, string>> = {
  true: 'Strict',
  strict: 'Strict',
  warn: 'Warn',
  false: 'Ignore',
  ignore: 'Ignore',
}

export function addManifestFlags(command: Command): Command {
  return addFlag(command, '-f, --filename <path...>', 'files, folders, or - for standard input')
    .option('-k, --kustomize <folder>', 'what the kustomization in a folder comes to')
    .option('-R, --recursive', 'with the folders within folders')
    .option('-o, --output <format>', 'json, yaml, name, jsonpath=…')
    .option(
      '--validate <how>',
      'what unknown fields are: strict, warn or ignore',
      readValidation,
      'Strict',
    )
}

function readValidation(text: string): string {
  const found = validations[text]
  if (found !== undefined) return found
  throw new CommandFailure(`invalid - validate option "${text}"`)
}

/** One that fails does not keep the others from being done. */
export async function eachManifest<Flags extends ManifestFlags>(
  session: Session,
  flags: Flags,
  command: string,
  work: (session: Session, manifest: Manifest, flags: Flags) => Promise<Done>,
): Promise<void> {
  const { readEach, sourceOf } = await import('./read-manifests.ts')
  const suffix = dryRunSuffix(readDryRun(flags.dryRun))
  const printed: { resource: Manifest['resource']; object: KubeObject }[] = []
  const isSilent = flags.output !== undefined && flags.output !== 'name'
  await readEach(
    session,
    sourceOf(flags),
    flags.recursive === true,
    async (read) => {
      try {
        const manifest = read()
        const { object, verb } = await work(session, manifest, flags)
        printed.push({ resource: manifest.resource, object })
        if (!isSilent) await tell(manifest, `${verb}${suffix}`, flags)
      } catch (error) {
        if (!(error instanceof StatusError) && !(error instanceof CommandFailure)) throw error
        process.stderr.write(`${failureText(error)}\n`)
        process.exitCode = 1
        if (error instanceof UnreachableError) return false
      }
      return true
    },
    command,
  )
  if (!isSilent || printed.length === 0) return
  const { formatObjects } = await import('./print-objects.ts')
  process.stdout.write(await formatObjects(flags.output ?? '', printed, printed.length === 1))
}

async function tell(
  { resource, name }: Manifest,
  how: string,
  flags: ManifestFlags,
): Promise<void> {
  const { shownName } = await import('./discover.ts')
  const shown = shownName(resource, name)
  process.stdout.write(flags.output === 'name' ? `${shown}\n` : `${shown} ${how}\n`)
}

/** What was wrong with which file. */
export function inFile(error: unknown, doing: string, { file }: Manifest): unknown {
  if (!(error instanceof StatusError) || error instanceof UnreachableError) return error
  const { code, reason = '', details } = error.status
  const text = `error when ${doing} "${file === '-' ? 'STDIN' : file}": ${error.message}`
  return new StatusError(code, reason, text, details)
}

/** The object in the namespace that it goes to. */
export function inNamespace({ object, namespace }: Manifest): KubeObject {
  return namespace === undefined
    ? object
    : { ...object, metadata: { ...object.metadata, namespace } }
}
