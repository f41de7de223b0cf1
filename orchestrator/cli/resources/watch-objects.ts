import { textAt } from '../../api/object.ts'
import type { KubeObject } from '../../api/object.ts'
import type { GetFlags } from '../get.ts'
import { formatObjects } from './print-objects.ts'
import type { Printed } from './print-objects.ts'
import { untilInterrupted } from './session.ts'
import type { Session } from './session.ts'
import { collectionPath } from './targets.ts'
import type { Target } from './targets.ts'

/** Objects one by one, as they change. @param first what was listed, from where the watch goes on */
export async function watchObjects(
  session: Session,
  { resource, names }: Target,
  flags: GetFlags,
  first: unknown,
  printed: readonly Printed[],
): Promise<void> {
  const output = flags.output ?? ''
  const print = async (object: KubeObject, headers: boolean): Promise<void> => {
    const text = await formatObjects(output, [{ resource, object }], true, { ...flags, headers })
    process.stdout.write(output === 'yaml' ? `---\n${text}` : text)
  }
  let isFirst = flags.headers
  if (!flags.watchOnly)
    for (const { object } of printed) {
      await print(object, isFirst)
      isFirst = false
    }
  const [name] = names
  const selection =
    name === undefined ? flags : { ...flags, fieldSelector: `metadata.name=${name}` }
  const resourceVersion = textAt(first, ['metadata', 'resourceVersion']) ?? ''
  const path = collectionPath(session, resource, selection, { watch: 'true', resourceVersion })
  const { signal, done } = untilInterrupted()
  try {
    const response = await session.stream({ path, signal })
    const { createInterface } = await import('node:readline')
    for await (const line of createInterface({ input: response })) {
      const { object } = JSON.parse(line) as { object: KubeObject }
      await print(object, isFirst)
      isFirst = false
    }
  } catch (error) {
    if (!signal.aborted) throw error
  } finally {
    done()
  }
}
