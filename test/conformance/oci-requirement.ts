import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** A demand of the OCI runtime specification. */
export interface Requirement {
  readonly id: string
  /** Document and anchor below https://github.com/opencontainers/runtime-spec/blob/v1.3.0/. */
  readonly section: string
  readonly says: string
  readonly shown: Shown
}

export type Shown =
  | { readonly kind: 'test'; readonly file: string; readonly title: string }
  /** It is not about a runtime on Linux. */
  | { readonly kind: 'not-ours'; readonly why: string }
  | { readonly kind: 'unmet'; readonly why: string }

const checkout = join(import.meta.dirname, '../..')

/** The demands in the order of the documents. @throws for a line that is none */
export function readRequirements(): readonly Requirement[] {
  const text = readFileSync(join(import.meta.dirname, 'oci-requirements.txt'), 'utf8')
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  return lines.map((line) => {
    const [id, section, says, shown, ...more] = line.split(' | ')
    if (id === undefined || !section || !says || !shown || more.length > 0)
      throw new Error(`no requirement: ${line}`)
    return { id, section, says, shown: readShown(shown) }
  })
}

function readShown(text: string): Shown {
  if (text.startsWith('- ')) return { kind: 'not-ours', why: text.slice(2) }
  if (text.startsWith('! ')) return { kind: 'unmet', why: text.slice(2) }
  const [name = '', title = ''] = text.split(/#(.*)/s)
  const file = name.includes('/') ? name : `test/conformance/oci-${name}.test.ts`
  return { kind: 'test', file, title }
}

/** Text of a file of this checkout, by its path in it. */
export function readOwnFile(path: string): string {
  return readFileSync(join(checkout, path), 'utf8')
}

export function ownPath(path: string): string {
  return join(checkout, path)
}
