import type { LoadCase } from './failure-case.ts'

type Parts = Map<string, Buffer>

const changed =
  (change: (parts: Parts) => void) =>
  (good: ReadonlyMap<string, Buffer>): Parts => {
    const parts = new Map(good)
    change(parts)
    return parts
  }

const withoutName =
  (pattern: RegExp) =>
  (parts: Parts): void => {
    for (const name of parts.keys()) if (pattern.test(name)) parts.delete(name)
  }

const layerName = 'layer/layer.tar'

/** Archives of images that cannot be loaded. */
export const loadCases: readonly LoadCase[] = [
  {
    name: 'an empty archive',
    parts: () => Buffer.alloc(0),
    exitCode: 125,
    cause: /image\.tar.*empty/,
    cure: /save|again/,
  },
  {
    name: 'a file that is no archive',
    parts: () => Buffer.from('just words\n'.repeat(100)),
    exitCode: 125,
    cause: /image\.tar/,
    cure: /save/,
  },
  {
    name: 'an archive that is cut off',
    parts: (good) => Buffer.concat([...good.values()]).subarray(0, 100),
    exitCode: 125,
    cause: /image\.tar/,
    cure: /save|again/,
  },
  {
    name: 'the archive of a file system',
    parts: changed((parts) => {
      parts.clear()
      parts.set('etc/passwd', Buffer.from('root:x:0:0\n'))
    }),
    exitCode: 125,
    cause: /index\.json|manifest\.json/,
    cure: /myimage import/,
  },
  {
    name: 'a manifest that is no JSON',
    parts: changed((parts) => void parts.set('manifest.json', Buffer.from('[{"Config":'))),
    exitCode: 125,
    cause: /manifest\.json.*JSON/,
    cure: /save|again/,
  },
  {
    name: 'an archive without the configuration of the image',
    parts: changed(withoutName(/^[0-9a-f]{64}\.json$/)),
    exitCode: 125,
    cause: /(?:ID|[0-9a-f]{64})\.json.*in the archive/,
    cure: /save|again/,
  },
  {
    name: 'an archive without one of the layers',
    parts: changed(withoutName(/^layer\//)),
    exitCode: 125,
    cause: /layer\/layer\.tar/,
    cure: /save|again/,
  },
  {
    name: 'a layer that was damaged',
    parts: changed((parts) => {
      const layer = Buffer.from(parts.get(layerName) ?? '')
      layer[700] = 0x21
      parts.set(layerName, layer)
    }),
    exitCode: 125,
    cause: /layer.*digest|digest.*layer|diff/i,
    cure: /save|again/,
  },
  {
    name: 'a layer that is no archive',
    parts: changed((parts) => void parts.set(layerName, Buffer.from('words '.repeat(300)))),
    exitCode: 125,
    cause: /layer/,
    cure: /save|again/,
  },
]
