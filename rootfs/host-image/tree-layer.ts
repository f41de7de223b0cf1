import { setImmediate } from 'node:timers/promises'
import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import { type TarMember, endOfArchive, formatTarHeader, tarPadding } from '../layer/tar-writer.ts'
import type { LayerInput } from '../store/blob-source.ts'
import type { FileTree, TreeNode } from './file-tree.ts'

const pieceSize = 1024 * 1024

/** A tree of host files as a plain tar: sorted, so that the same files give the same digest. */
export function treeLayer(tree: FileTree): LayerInput {
  return { size: undefined, pieces: () => withPauses(treePieces(tree)) }
}

/** Reading and unpacking are synchronous: a process that serves others answers them between two pieces. */
async function* withPauses(pieces: Iterable<Buffer>): AsyncGenerator<Buffer> {
  for (const piece of pieces) {
    yield piece
    await setImmediate()
  }
}

function* treePieces(tree: FileTree): Generator<Buffer> {
  let pending: Buffer[] = []
  let size = 0
  for (const path of [...tree.keys()].toSorted(compareText)) {
    const node = tree.get(path)
    if (!node || path === '/') continue
    for (const piece of memberPieces(path, node)) {
      pending.push(piece)
      size += piece.length
      if (size < pieceSize) continue
      yield Buffer.concat(pending)
      pending = []
      size = 0
    }
  }
  yield Buffer.concat([...pending, endOfArchive])
}

/** By code unit: the order must not depend on a locale. */
function compareText(left: string, right: string): number {
  if (left === right) return 0
  return left < right ? -1 : 1
}

function* memberPieces(path: string, node: TreeNode): Generator<Buffer> {
  const name = Buffer.from(path.slice(1)).toString('latin1')
  const common = { name, mode: 0o777, uid: 0, gid: 0, size: 0, mtime: 0 }
  if (node.kind === 'folder') {
    const { mode, uid, gid } = node
    const member: TarMember = { ...common, type: 'directory', name: `${name}/`, mode, uid, gid }
    yield formatTarHeader(member)
  } else if (node.kind === 'symlink') {
    const linkName = Buffer.from(node.target).toString('latin1')
    yield formatTarHeader({ ...common, type: 'symlink', linkName })
  } else if (node.kind === 'text') {
    const content = Buffer.from(node.content)
    const size = content.length
    yield formatTarHeader({ ...common, type: 'file', mode: node.mode, size })
    yield content
    yield tarPadding(size)
  } else yield* filePieces(node, common)
}

function* filePieces(
  node: Extract<TreeNode, { kind: 'file' }>,
  common: Omit<TarMember, 'type'>,
): Generator<Buffer> {
  const descriptor = openSync(node.source, 'r')
  try {
    // The file as it is now: it may have grown since it was found.
    const { size, mtimeMs } = fstatSync(descriptor)
    const { mode, uid, gid } = node
    const mtime = Math.floor(mtimeMs / 1000)
    yield formatTarHeader({ ...common, type: 'file', mode, uid, gid, size, mtime })
    for (let at = 0; at < size;) {
      const piece = Buffer.alloc(Math.min(pieceSize, size - at))
      readSync(descriptor, piece, 0, piece.length, at)
      at += piece.length
      yield piece
    }
    yield tarPadding(size)
  } finally {
    closeSync(descriptor)
  }
}
