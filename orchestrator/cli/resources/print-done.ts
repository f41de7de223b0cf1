import type { KubeObject } from '../../api/object.ts'
import { chosenName } from './chosen-objects.ts'
import type { Chosen } from './chosen-objects.ts'

/** Say what was done to an object, or show it as `-o` asks. */
export async function printDone(
  chosen: Chosen,
  object: KubeObject,
  verb: string,
  output: string | undefined,
): Promise<void> {
  if (output === undefined) return void process.stdout.write(`${chosenName(chosen)} ${verb}\n`)
  const { formatObjects } = await import('./print-objects.ts')
  const { resource } = chosen
  process.stdout.write(await formatObjects(output, [{ resource, object }], true))
}
