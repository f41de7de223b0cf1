import type { Command } from 'commander'
import { OperationError } from '../../native/error.ts'
import { namedReference } from '../store/find-image.ts'
import { announceImage } from '../store/image-events.ts'
import { withStore } from './register.ts'

/** `myimage untag`: the image stays, also without any name. */
export function addUntag(program: Command): void {
  const command = program
    .command('untag')
    .description('Take references away from an image and keep it')
    .argument('<image>')
    .argument('[reference...]', 'which; all of them when absent')
  withStore(command, ({ store }, name: string, wanted: string[]) => {
    const { id, references } = store.require(name)
    const names = wanted.length === 0 ? references : wanted.map((text) => named(references, text))
    const database = store.database()
    database.write(() => {
      for (const reference of names) database.run('DELETE FROM reference WHERE name = ?', reference)
    })
    for (const reference of names) announceImage(store, 'untag', id, reference)
  })
}

function named(references: readonly string[], text: string): string {
  const reference = namedReference(references, text)
  if (reference !== undefined) return reference
  const detail = { reference: text }
  const hint = `The image has ${references.join(', ') || 'none'}`
  throw new OperationError('NOT_FOUND', 'untag an image', detail, { hint })
}
