import type { Command } from 'commander'
import type { KubeObject } from '../api/object.ts'
import type { ClientFlags } from './client-flags.ts'
import { addGenerators } from './create/add-generators.ts'
import { addDryRunFlag, dryRunQuery, readDryRun } from './resources/dry-run.ts'
import { addManifestFlags, eachManifest, inFile, inNamespace } from './resources/each-manifest.ts'
import type { Done, ManifestFlags } from './resources/each-manifest.ts'
import type { Manifest } from './resources/read-manifests.ts'
import { addSessionAction, CommandFailure, printWarning } from './resources/session.ts'
import type { Session } from './resources/session.ts'

interface Flags extends ClientFlags, ManifestFlags {
  readonly fieldManager: string
  readonly saveConfig?: boolean
}

const examples = `
Examples:
  myorch create -f app.yaml
  cat app.yaml | myorch create -f -
  myorch create deployment web --image=nginx --replicas=2
  myorch create configmap web --from-literal=a=b --dry-run=client -o yaml`

/** `myorch create -f FILE`, `myorch create KIND NAME`. */
export function addCreate(program: Command): void {
  const command = addManifestFlags(
    program
      .command('create')
      .description('Create the objects that files hold, or one of a kind that has words of its own')
      .enablePositionalOptions()
      .argument('[word...]', 'none'),
  )
    .option('--field-manager <name>', 'who owns what is created', 'kubectl-create')
    .option('--save-config', 'note in each object what was said, for apply')
    .addHelpText('after', examples)
  addSessionAction<Flags>(addDryRunFlag(command), async (session, words, flags) => {
    if (words.length > 0)
      throw new CommandFailure(
        `Unexpected args: [${words.join(' ')}]\nSee 'myorch create -h' for help and examples`,
      )
    await eachManifest(session, flags, 'create', createOne)
  })
  addGenerators(command)
}

async function createOne(session: Session, manifest: Manifest, flags: Flags): Promise<Done> {
  const { manifestPath } = await import('./resources/read-manifests.ts')
  const body = await bodyOf(manifest, flags)
  const dryRun = readDryRun(flags.dryRun)
  if (dryRun === 'client') return { object: body, verb: 'created' }
  const query = new URLSearchParams({
    fieldManager: flags.fieldManager,
    fieldValidation: flags.validate,
    ...dryRunQuery(dryRun),
  }).toString()
  try {
    const object = (await session.send({
      method: 'POST',
      path: `${manifestPath(manifest, true)}?${query}`,
      body,
      onWarning: printWarning,
    })) as KubeObject
    return { object, verb: 'created' }
  } catch (error) {
    throw inFile(error, 'creating', manifest)
  }
}

async function bodyOf(manifest: Manifest, { saveConfig }: Flags): Promise<KubeObject> {
  const object = inNamespace(manifest)
  if (!saveConfig) return object
  const { withLastApplied } = await import('./resources/client-side-apply.ts')
  return withLastApplied(object)
}
