import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Test } from 'tap'
import { unpackLayer } from '../../../rootfs/layer/unpack-layer.ts'
import { type BuiltMember, buildTar } from './tar-builder.ts'

/** A folder that layers are unpacked in. */
export interface Sandbox {
  readonly folder: string
  /** A file and a folder outside that no layer may touch. */
  readonly outside: string
  readonly notes: string[]
  unpack(layer: Buffer | BuiltMember[]): Promise<void>
  path(name: string): string
}

export function sandbox(t: Test): Sandbox {
  const base = mkdtempSync(join(tmpdir(), 'layer-'))
  t.teardown(() => rmSync(base, { recursive: true, force: true }))
  const folder = join(base, 'layer')
  const outside = join(base, 'outside')
  mkdirSync(folder)
  mkdirSync(outside, { mode: 0o755 })
  writeFileSync(join(outside, 'victim'), 'untouched', { mode: 0o600 })
  const notes: string[] = []
  return {
    folder,
    outside,
    notes,
    path: (name) => join(folder, name),
    async unpack(layer) {
      const bytes = Buffer.isBuffer(layer) ? layer : buildTar(layer)
      await unpackLayer({
        input: pieces(bytes),
        folder,
        lowerFolders: [],
        onNote: (note) => notes.push(note),
      })
    },
  }
}

/** As bytes come from a network. */
export function* pieces(bytes: Buffer): Generator<Buffer> {
  for (let at = 0; at < bytes.length; at += 1000) yield Buffer.from(bytes.subarray(at, at + 1000))
}
