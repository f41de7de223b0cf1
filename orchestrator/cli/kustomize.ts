import type { Command } from 'commander'
import { reportFailure } from './resources/session.ts'

const examples = `
Examples:
  myorch kustomize overlays/dev
  myorch apply -k overlays/dev`

/** `myorch kustomize FOLDER`: what `apply -k` would apply. */
export function addKustomize(program: Command): void {
  program
    .command('kustomize')
    .description('Print what a kustomization comes to')
    .argument('[folder]', 'with a kustomization.yaml', '.')
    .addHelpText('after', examples)
    .action(async (folder: string) => {
      await reportFailure(async () => {
        const { buildKustomization } = await import('./kustomize/build-kustomization.ts')
        const { formatYaml } = await import('./resources/print-objects.ts')
        const texts = await Promise.all((await buildKustomization(folder)).map(formatYaml))
        process.stdout.write(texts.join('---\n'))
      })
    })
}
