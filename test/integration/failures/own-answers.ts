import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import type { ComposeCase, ConfigCase, LoadCase, RunCase, Words } from './failure-case.ts'
import {
  ask,
  flagsOf,
  type Scene,
  writeArchive,
  writeCompose,
  writeConfigBundle,
  writeRunBundle,
} from './scene.ts'

const command = (name: string): string => join(import.meta.dirname, '../../../bin', name)

/** What our commands answer. */
export interface OwnAnswers {
  /** Once, before the others: a container of the name `taken`. */
  readonly prepare: () => Promise<void>
  readonly run: (each: RunCase) => Promise<Words>
  /** The same fault for `mycontainer-oci`; undefined where it is none for a runtime. */
  readonly runtime: (each: RunCase) => Promise<Words | undefined>
  readonly load: (each: LoadCase) => Promise<Words>
  readonly config: (each: ConfigCase) => Promise<Words>
  readonly compose: (each: ComposeCase) => Promise<Words>
  /** Remove what `prepare` made. */
  readonly remove: () => Promise<void>
}

/** @param root state root */
export function ownAnswers(scene: Scene, root: string): OwnAnswers {
  const env = { MYCONTAINER_ROOT: root }
  let images = 0
  const tarball = join(scene.folder, 'rootfs.tar')
  const runtimeRun = (bundle: string): Promise<Words> => {
    const name = `case-${bundle.split('-').at(-1) ?? ''}`
    const words = [command('mycontainer-oci'), '--root', `${root}-oci`, 'run', '--bundle', bundle]
    return ask(scene, [...words, name])
  }
  const importImage = async (changes: readonly string[]): Promise<string> => {
    const name = `broken-${images++}`
    const flags = changes.flatMap((change) => ['--change', change])
    const made = await ask(scene, [command('myimage'), 'import', ...flags, tarball, name], env)
    if (made.exitCode !== 0) throw new Error(made.text)
    return name
  }
  return {
    async prepare() {
      execFileSync('tar', ['-C', scene.rootfs, '-cf', tarball, '.'])
      const words = ['create', '--name', 'taken', '--network', 'none', '--rootfs', scene.rootfs]
      const made = await ask(scene, [command('mycontainer'), ...words, 'true'], env)
      if (made.exitCode !== 0) throw new Error(made.text)
    },
    async run(each) {
      const image = each.changes ? [await importImage(each.changes)] : ['--rootfs', scene.rootfs]
      const flags = ['--rm', ...flagsOf(each, scene)]
      const words = [command('mycontainer'), 'run', ...flags, ...image, ...each.program]
      return ask(scene, words, env)
    },
    async runtime(each) {
      const bundle = writeRunBundle(scene, each)
      return bundle === undefined ? undefined : runtimeRun(bundle)
    },
    load: (each) => ask(scene, [command('myimage'), 'load', '-i', writeArchive(scene, each)], env),
    config: (each) => runtimeRun(writeConfigBundle(scene, each)),
    compose: (each) =>
      ask(
        scene,
        [command('mycontainer'), 'compose', '-f', writeCompose(scene, each), 'config', '-q'],
        env,
      ),
    async remove() {
      await ask(scene, [command('mycontainer'), 'rm', '-f', 'taken'], env)
    },
  }
}
