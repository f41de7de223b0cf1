import type { Command } from 'commander'
import type { ClientFlags } from './client-flags.ts'
import { addSessionAction, CommandFailure } from './resources/session.ts'

interface Flags extends ClientFlags {
  readonly recursive?: boolean
  readonly apiVersion?: string
}

/** `myorch explain TYPE.FIELD`. */
export function addExplain(program: Command): void {
  const command = program
    .command('explain')
    .description('What the fields of objects are about')
    .argument('[path...]', 'like pods or deployment.spec.strategy')
    .option('--recursive', 'the names of all fields within it')
    .option('--api-version <version>', 'of which version, like apps/v1')
    .addHelpText('after', '\nExamples:\n  myorch explain pod.spec.containers.resources')
  addSessionAction<Flags>(command, async (session, words, flags) => {
    if (words.length === 0)
      throw new CommandFailure(
        'You must specify the type of resource to explain. Use "myorch api-resources" for a complete list of supported resources.',
      )
    if (words.length > 1) throw new CommandFailure('We accept only this format: explain RESOURCE')
    const { findResource } = await import('./resources/discover.ts')
    const { explainField } = await import('./resources/explain-field.ts')
    const { word, path } = split(
      words[0] ?? '',
      (await session.resources()).map(({ group }) => group),
    )
    const all = await session.resources()
    const found = findResource(all, word)
    const resource =
      flags.apiVersion === undefined
        ? found
        : all.find(
            (each) =>
              each.plural === found.plural &&
              [each.group, each.version].filter((part) => part !== '').join('/') ===
                flags.apiVersion,
          )
    if (!resource)
      throw new CommandFailure(
        `couldn't find resource for ${JSON.stringify(`${flags.apiVersion ?? ''}, Resource=${found.plural}`)}`,
      )
    const { group, version } = resource
    const place = group === '' ? `api/${version}` : `apis/${group}/${version}`
    const document = await session.send({ path: `/openapi/v3/${place}` })
    process.stdout.write(explainField(document, resource, path, flags.recursive === true))
  })
}

/** `deployment.spec.replicas`; the type may be named with its group, which has dots as well. */
function split(text: string, groups: readonly string[]): { word: string; path: string[] } {
  const parts = text.split('.')
  const [type = '', ...rest] = parts
  const group = groups.find((each) => each !== '' && `${rest.join('.')}.`.startsWith(`${each}.`))
  if (group === undefined) return { word: type, path: rest }
  const length = group.split('.').length
  return { word: `${type}.${group}`, path: rest.slice(length) }
}
