import { isUtf8 } from 'node:buffer'
import { entryFlags, readEntries } from './file-entries.ts'
import type { EntryFlags } from './file-entries.ts'
import { unset } from './generator.ts'
import type { Generator, GeneratorFlags } from './generator.ts'

/** `myorch create configmap NAME --from-literal=a=b`. */
export const configMap: Generator<GeneratorFlags & EntryFlags> = {
  name: 'configmap',
  aliases: ['cm'],
  failure: 'configmap:',
  description: 'Texts by their keys, from files or from here',
  flags: entryFlags,
  build: ({ name, flags }) => {
    const entries = [...readEntries(flags, 'ConfigMap', name)]
    const texts = entries.filter(([, value]) => isUtf8(value))
    const others = entries.filter(([, value]) => !isUtf8(value))
    const shown = (list: typeof entries, encoding: 'utf8' | 'base64') =>
      Object.fromEntries(list.map(([key, value]) => [key, value.toString(encoding)]))
    return {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { ...unset, name },
      ...(texts.length > 0 ? { data: shown(texts, 'utf8') } : {}),
      ...(others.length > 0 ? { binaryData: shown(others, 'base64') } : {}),
    }
  },
}
