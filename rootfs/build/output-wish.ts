import { readFields, wrongFlag } from './read-flags.ts'

/** Where a result goes besides the store. */
export interface OutputWish {
  readonly type: 'local' | 'tar' | 'oci' | 'docker' | 'store'
  /** Folder or file; "-" for standard output. */
  readonly destination: string
}

const types = ['local', 'tar', 'oci', 'docker'] as const

/** `--output type=…,dest=…`, or a path alone: a folder, "-" for a tar on standard output. */
export function readOutput(text: string): OutputWish {
  if (text === '-') return { type: 'tar', destination: '-' }
  if (!text.includes('=')) return { type: 'local', destination: text }
  const fields = readFields('--output', text)
  const type = fields.get('type') ?? ''
  const destination = fields.get('dest') ?? fields.get('destination') ?? ''
  if (type === 'image' || type === 'store') return { type: 'store', destination: '/' }
  const known = types.find((each) => each === type)
  if (known === undefined) throw wrongFlag('--output', text, `type=${types.join('|')},dest=PATH`)
  if (destination === '' && known === 'local') throw wrongFlag('--output', text, 'dest=FOLDER')
  return { type: known, destination: destination === '' ? '-' : destination }
}
