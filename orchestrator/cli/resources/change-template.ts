import { clone, isObject, plainText, valueAt } from '../../api/object.ts'
import type { JsonObject, KubeObject } from '../../api/object.ts'
import { changeObject, tellChange } from './change-objects.ts'
import type { ChangeFlags } from './change-objects.ts'
import { eachChosen, findChosen, readChosen } from './chosen-objects.ts'
import { readDryRun } from './dry-run.ts'
import { mergeDifference } from './merge-difference.ts'
import { CommandFailure } from './session.ts'
import type { Session } from './session.ts'

export type TemplateFlags = ChangeFlags

export interface TemplateChange {
  /** `image updated` */
  readonly done: string
  /** Whether it is said also where nothing was to be changed. */
  readonly always?: boolean
  /** May change the spec of pods that it is given. @throws CommandFailure */
  readonly change: (spec: JsonObject) => void
  /** In place of any change. @param shown `Deployment web` */
  readonly show?: (shown: string, spec: JsonObject) => void
}

/** Where objects say how their pods are. */
const places: Readonly<Record<string, readonly string[]>> = {
  Pod: ['spec'],
  CronJob: ['spec', 'jobTemplate', 'spec', 'template', 'spec'],
}
const usualPlace = ['spec', 'template', 'spec']

/** Change what pods are made with, in each of the objects that are meant. Nothing is said of those that stay as they are. */
export async function changeTemplate(
  session: Session,
  words: readonly string[],
  flags: TemplateFlags,
  { done, always = false, change, show }: TemplateChange,
): Promise<void> {
  await eachChosen(await findChosen(session, words, flags), async (chosen) => {
    const before = await readChosen(session, chosen)
    const after = clone(before)
    const spec = specOf(after)
    if (show) return show(`${before.kind} ${chosen.name}`, spec)
    change(spec)
    const body = mergeDifference(before as unknown as JsonObject, after as unknown as JsonObject)
    if (Object.keys(body).length === 0 && flags.output === undefined && !always) return
    const object =
      readDryRun(flags.dryRun) === 'client'
        ? after
        : await changeObject(session, chosen, { body }, flags)
    await tellChange(chosen, object, done, flags)
  })
}

function specOf(object: KubeObject): JsonObject {
  const spec = valueAt(object, places[object.kind] ?? usualPlace)
  if (isObject(spec)) return spec
  throw new CommandFailure(
    `${object.kind.toLowerCase()}s/${object.metadata.name ?? ''} the object is not a pod or does not have a pod template: *${object.apiVersion.split('/').at(-1)!}.${object.kind}`,
  )
}

export function containersAt(spec: JsonObject, withInits = false): JsonObject[] {
  const lists = withInits ? ['initContainers', 'containers'] : ['containers']
  return lists.flatMap((field) => (spec[field] ?? []) as JsonObject[])
}

/** @param pattern of a name; `*` is any text */
export function ofNames(containers: readonly JsonObject[], pattern: string): JsonObject[] {
  const words = pattern
    .split('*')
    .map((word) => word.replaceAll(/[\\^$.|?+()[\]{}]/g, String.raw`\$&`))
  const form = new RegExp(`^${words.join('.*')}$`)
  return containers.filter(({ name }) => form.test(plainText(name)))
}
