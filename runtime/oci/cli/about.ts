import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { packageRoot } from '../../../native/paths.ts'
import type { FlagSpec } from '../../cli/flag-spec.ts'
import { OCI_VERSION } from '../../spec/state.ts'
import { ociCommands } from './command-table.ts'
import { globalFlags } from './global-flags.ts'

export function packageVersion(): string {
  const text = readFileSync(join(packageRoot, 'package.json'), 'utf8')
  return (JSON.parse(text) as { version: string }).version
}

/** Engines show the first line; podman reads no more than that there is one. */
export function versionText(): string {
  return `mycontainer-oci version ${packageVersion()}\nspec: ${OCI_VERSION}\n`
}

/** Help for one command, or for all. */
export async function helpText(name: string | undefined): Promise<string> {
  const load =
    name !== undefined && Object.hasOwn(ociCommands, name) ? ociCommands[name] : undefined
  if (load) {
    const { usage, summary, flags } = await load()
    return `Usage: mycontainer-oci ${name} ${usage}\n\n${summary}\n${flagTable(flags)}`
  }
  const rows = await Promise.all(
    Object.entries(ociCommands).map(async ([key, loadOne]): Promise<[string, string]> => [
      key,
      (await loadOne()).summary,
    ]),
  )
  return (
    'Usage: mycontainer-oci [OPTIONS] COMMAND [ARG...]\n\n' +
    'An OCI runtime: its command line is that of runc and crun\n\nCommands:\n' +
    table(rows) +
    flagTable(globalFlags)
  )
}

function flagTable(flags: readonly FlagSpec[]): string {
  const shown = flags.filter(({ hidden }) => hidden !== true)
  if (shown.length === 0) return ''
  return `\nOptions:\n${table(shown.map((spec): [string, string] => [flagName(spec), spec.help]))}`
}

function flagName({ name, short, kind, value }: FlagSpec): string {
  const shown = kind === 'bool' ? '' : ` ${value ?? kind}`
  return `${short === undefined ? '    ' : `-${short}, `}--${name}${shown}`
}

function table(rows: readonly (readonly [string, string])[]): string {
  const width = Math.max(...rows.map(([left]) => left.length))
  return rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}\n`).join('')
}
