import type { Command } from 'commander'
import { withStore } from './register.ts'

/** `myimage tag`. */
export function addTag(program: Command): void {
  const command = program
    .command('tag')
    .description('Give an image another reference')
    .argument('<image>')
    .argument('<reference...>')
  withStore(command, (context, image: string, references: string[]) => {
    for (const reference of references) context.store.tag(image, reference)
  })
}
