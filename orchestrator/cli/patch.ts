import { readFileSync } from 'node:fs'
import type { Command } from 'commander'
import { isObject } from '../api/object.ts'
import type { Json, JsonObject, KubeObject } from '../api/object.ts'
import type { Chosen } from './resources/chosen-objects.ts'
import { addChangeFlags } from './resources/change-objects.ts'
import type { ChangeFlags } from './resources/change-objects.ts'
import { readDryRun } from './resources/dry-run.ts'
import { addSessionAction, CommandFailure } from './resources/session.ts'
import type { Session } from './resources/session.ts'

interface Flags extends ChangeFlags {
  readonly patch?: string
  readonly patchFile?: string
  readonly type: string
  readonly subresource?: string
}

const contentTypes: Readonly<Record<string, string>> = {
  json: 'application/json-patch+json',
  merge: 'application/merge-patch+json',
  strategic: 'application/strategic-merge-patch+json',
}

const examples = `
Examples:
  myorch patch deployment web -p '{"spec":{"replicas":3}}'
  myorch patch pod web-1 --type=json -p '[{"op":"remove","path":"/metadata/labels/a"}]'
  myorch patch deployment web --patch-file=change.yaml`

/** `myorch patch TYPE NAME -p PATCH`. */
export function addPatch(program: Command): void {
  const command = addChangeFlags(
    program
      .command('patch')
      .description('Change fields of objects')
      .argument('[target...]', 'TYPE NAME or TYPE/NAME'),
    'kubectl-patch',
  )
    .option('-p, --patch <patch>', 'JSON or YAML')
    .option('--patch-file <file>', 'which holds it')
    .option('--type <type>', 'json, merge or strategic', 'strategic')
    .option('--subresource <name>', 'status or scale')
    .addHelpText('after', examples)
  addSessionAction<Flags>(command, async (session, words, flags) => {
    const { eachChosen, findChosen } = await import('./resources/chosen-objects.ts')
    const body = await readPatch(flags)
    const chosen = await findChosen(session, words, flags)
    await eachChosen(chosen, async (each) => patchOne(session, each, body, flags))
  })
}

async function readPatch({ patch, patchFile, type }: Flags): Promise<unknown> {
  if ((patch ?? '') === '' && patchFile === undefined)
    throw new CommandFailure(
      'must specify --patch or --patch-file containing the contents of the patch',
    )
  if (patch !== undefined && patchFile !== undefined)
    throw new CommandFailure('cannot specify --patch and --patch-file together')
  if (contentTypes[type.toLowerCase()] === undefined)
    throw new CommandFailure(
      `--type must be one of [json merge strategic], not ${JSON.stringify(type)}`,
    )
  const text = patchFile === undefined ? patch! : readFile(patchFile)
  // Whatever is wrong with JSON, the server says.
  if (text.trimStart().startsWith('{') && !isJson(text)) return text
  const { parseDocument } = await import('yaml')
  const document = parseDocument(text, { version: '1.1' })
  const [error] = document.errors
  if (!error) return document.toJS()
  throw new CommandFailure(
    `unable to parse ${JSON.stringify(text)}: yaml: ${error.message.split('\n')[0]?.replace(/:$/, '')}`,
  )
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

function readFile(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    throw new CommandFailure(`unable to read patch file: open ${path}: no such file or directory`)
  }
}

async function patchOne(
  session: Session,
  chosen: Chosen,
  body: unknown,
  flags: Flags,
): Promise<void> {
  const { chosenPath } = await import('./resources/chosen-objects.ts')
  const { changeObject, tellChange } = await import('./resources/change-objects.ts')
  const { subresource } = flags
  const before = (await session.send({ path: chosenPath(chosen, subresource) })) as KubeObject
  const after =
    readDryRun(flags.dryRun) === 'client'
      ? await patchedHere(chosen, before, body, flags.type)
      : await changeObject(
          session,
          chosen,
          {
            body: typeof body === 'string' ? body : JSON.stringify(body),
            contentType: contentTypes[flags.type.toLowerCase()]!,
            subresource,
          },
          flags,
        )
  const { sameJson } = await import('../api/object.ts')
  const isSame = sameJson(before, after)
  const shown = subresource === 'scale' ? asScale(chosen) : chosen
  await tellChange(shown, after, isSame ? 'patched (no change)' : 'patched', flags)
}

function asScale(chosen: Chosen): Chosen {
  return { ...chosen, resource: { ...chosen.resource, singular: 'scale', group: 'autoscaling' } }
}

/** What is only shown. */
async function patchedHere(
  { resource }: Chosen,
  object: KubeObject,
  body: unknown,
  type: string,
): Promise<KubeObject> {
  const target = object as unknown as JsonObject
  if (type === 'json') {
    const { applyJsonPatch } = await import('../api/patch/json-patch.ts')
    return applyJsonPatch(target, body as Json) as unknown as KubeObject
  }
  if (!isObject(body)) throw new CommandFailure('the patch is no object')
  const { schemaOf } = await import('./resources/client-side-apply.ts')
  const found = type === 'strategic' ? schemaOf(resource) : undefined
  if (found) {
    const { applyStrategicMerge } = await import('../api/patch/strategic-merge.ts')
    return applyStrategicMerge(found.schemas, found.schema, target, body) as unknown as KubeObject
  }
  const { applyMergePatch } = await import('../api/patch/merge-patch.ts')
  return applyMergePatch(target, body) as unknown as KubeObject
}
