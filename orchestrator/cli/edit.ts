import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Command } from 'commander'
import { isObject } from '../api/object.ts'
import type { JsonObject, KubeObject } from '../api/object.ts'
import { StatusError } from '../api/status-error.ts'
import type { Chosen } from './resources/chosen-objects.ts'
import { addChangeFlags } from './resources/change-objects.ts'
import type { ChangeFlags } from './resources/change-objects.ts'
import { addSessionAction, CommandFailure } from './resources/session.ts'
import type { Session } from './resources/session.ts'

interface Flags extends ChangeFlags {
  readonly showManagedFields?: boolean
}

const head = `# Please edit the object below. Lines beginning with a '#' will be ignored,
# and an empty file will abort the edit. If an error occurs while saving this file will be
# reopened with the relevant failures.
#
`

/** `myorch edit TYPE NAME`. */
export function addEdit(program: Command): void {
  const command = addChangeFlags(
    program
      .command('edit')
      .description('Change an object in an editor: $KUBE_EDITOR, $EDITOR or vi')
      .argument('[target...]', 'TYPE NAME or TYPE/NAME'),
    'kubectl-edit',
  ).option('--show-managed-fields', 'with who owns which field')
  addSessionAction<Flags>(command, async (session, words, flags) => {
    const { chooseAll, eachChosen } = await import('./resources/chosen-objects.ts')
    const all = await chooseAll(session, words, flags)
    await eachChosen(all, async (chosen) => editOne(session, chosen, flags))
  })
}

async function editOne(session: Session, chosen: Chosen, flags: Flags): Promise<void> {
  const { readChosen } = await import('./resources/chosen-objects.ts')
  const { changeObject, tellChange } = await import('./resources/change-objects.ts')
  const { formatYaml } = await import('./resources/print-objects.ts')
  const { mergeDifference } = await import('./resources/merge-difference.ts')
  const before = shownOf(await readChosen(session, chosen), flags)
  const folder = mkdtempSync(join(tmpdir(), 'myorch-edit-'))
  const path = join(folder, `${chosen.resource.singular}-${chosen.name}.yaml`)
  let text = head + (await formatYaml(before))
  try {
    for (;;) {
      writeFileSync(path, text, { mode: 0o600 })
      await runEditor(path)
      const edited = readFileSync(path, 'utf8')
      if (isEmpty(edited)) return say('Edit cancelled, saved file was empty.')
      if (edited === text) return say('Edit cancelled, no changes made.')
      try {
        const after = await parse(edited)
        const body = mergeDifference(before as unknown as JsonObject, after)
        if (Object.keys(body).length === 0) return say('Edit cancelled, no changes made.')
        const object = await changeObject(session, chosen, { body }, flags)
        return await tellChange(chosen, object, 'edited', flags)
      } catch (error) {
        if (!(error instanceof StatusError) && !(error instanceof CommandFailure)) throw error
        // The next look at it that changes nothing gives up.
        text = withReason(edited, chosen, error.message)
      }
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function say(text: string): void {
  process.stderr.write(`${text}\n`)
}

function shownOf(object: KubeObject, { showManagedFields }: Flags): KubeObject {
  if (showManagedFields) return object
  const { managedFields: _, ...metadata } = object.metadata
  return { ...object, metadata }
}

async function runEditor(path: string): Promise<void> {
  const editor = process.env['KUBE_EDITOR'] ?? process.env['EDITOR'] ?? 'vi'
  // An editor may be named with its flags.
  const child = spawn('sh', ['-c', `${editor} "$1"`, 'sh', path], { stdio: 'inherit' })
  const [code] = (await once(child, 'exit')) as [number | null]
  if (code !== 0)
    throw new CommandFailure(
      `there was a problem with the editor ${JSON.stringify(editor.split(' ')[0])}`,
    )
}

function isEmpty(text: string): boolean {
  return text.split('\n').every((line) => line.trim() === '' || line.startsWith('#'))
}

async function parse(text: string): Promise<JsonObject> {
  const { parseDocument } = await import('yaml')
  const document = parseDocument(text, { version: '1.1', schema: 'yaml-1.1' })
  const [error] = document.errors
  if (error) throw new CommandFailure(`the edited file had a syntax error: ${error.message}`)
  const value: unknown = document.toJS({ maxAliasCount: 100 })
  if (isObject(value)) return value
  throw new CommandFailure('the edited file holds no object')
}

function withReason(edited: string, { resource, name }: Chosen, reason: string): string {
  const body = edited.replace(/^(?:#.*\n)*/, '')
  const lines = reason.split('\n').map((line) => `# * ${line}\n`)
  return `${head}# ${resource.plural} ${JSON.stringify(name)} was not valid:\n${lines.join('')}#\n${body}`
}
