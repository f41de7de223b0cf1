import { listAt, textAt, valueAt } from '../../api/object.ts'
import type { KubeObject } from '../../api/object.ts'
import type { GetFlags } from '../get.ts'
import { checkFormat, formatObjects } from './print-objects.ts'
import { failureText } from './session.ts'
import type { Session } from './session.ts'
import { sortByField } from './sort-by-field.ts'
import { sendList, targetPath } from './targets.ts'
import type { Form, Target } from './targets.ts'

export interface Answer {
  readonly target: Target
  readonly document: unknown
}

/** Names are asked for one by one, so that each can fail for itself. */
export async function ask(
  session: Session,
  targets: readonly Target[],
  flags: GetFlags,
  form?: Form,
): Promise<Answer[]> {
  const answers: Answer[] = []
  for (const target of targets) {
    const { resource, names } = target
    const asked =
      names.length === 0
        ? [() => sendList(session, resource, flags, form)]
        : names.map((name) => async () => {
            const path = targetPath(session, target, name)
            if (!form) return session.send({ path })
            const query = new URLSearchParams(form.query).toString()
            return session.send({ path: query ? `${path}?${query}` : path, accept: form.accept })
          })
    for (const one of asked)
      try {
        answers.push({ target, document: await one() })
      } catch (error) {
        const reason = valueAt(error, ['status', 'reason'])
        if (reason === undefined) throw error
        if (flags.ignoreNotFound && reason === 'NotFound') continue
        process.stderr.write(`${failureText(error)}\n`)
        process.exitCode = 1
        if (reason === 'ServiceUnavailable') return answers
      }
  }
  return answers
}

/** Objects in every form but that of a table. */
export async function printObjects(
  session: Session,
  targets: readonly Target[],
  flags: GetFlags,
): Promise<void> {
  const output = flags.output ?? ''
  checkFormat(output)
  const answers = await ask(session, targets, flags)
  const found = answers.flatMap(({ target: { resource, names }, document }) => {
    if (names.length > 0) return [{ resource, object: document as KubeObject }]
    const apiVersion = textAt(document, ['apiVersion']) ?? ''
    return listAt(document, ['items']).map((item) => {
      const object: unknown = { ...item, apiVersion, kind: resource.kind }
      return { resource, object: object as KubeObject }
    })
  })
  const printed =
    flags.sortBy === undefined ? found : sortByField(found, flags.sortBy, ({ object }) => object)
  const single = targets.length === 1 && targets[0]?.names.length === 1
  if (single && printed.length === 0) return
  if (flags.watch || flags.watchOnly) {
    const { watchObjects } = await import('./watch-objects.ts')
    return watchObjects(session, targets[0]!, flags, answers[0]?.document, printed)
  }
  const isEmpty = printed.length === 0 && answers.length === 0 && targets.length > 0
  if (isEmpty && flags.ignoreNotFound) return
  process.stdout.write(await formatObjects(output, printed, single, flags))
}
