/** Gathers headers and file data into pieces of a megabyte, each a buffer of its own. */
export interface PieceBuffer {
  add(bytes: Uint8Array): void
  zeros(count: number): void
  /** Room of at most `wanted` bytes at the end, never none; `advance` says how much was filled. */
  room(wanted: number): Buffer
  advance(bytes: number): void
  /** Pieces that are full. */
  full(): Iterable<Buffer>
  /** All that is left. */
  rest(): Iterable<Buffer>
}

const pieceSize = 1024 * 1024

export function createPieceBuffer(): PieceBuffer {
  let piece = Buffer.allocUnsafeSlow(pieceSize)
  let filled = 0
  let done: Buffer[] = []
  const turn = (): void => {
    if (filled < pieceSize) return
    done.push(piece)
    piece = Buffer.allocUnsafeSlow(pieceSize)
    filled = 0
  }
  const take = (): Buffer[] => {
    const taken = done
    done = []
    return taken
  }
  const add = (bytes: Uint8Array): void => {
    for (let at = 0; at < bytes.length;) {
      const size = Math.min(bytes.length - at, pieceSize - filled)
      piece.set(size === bytes.length ? bytes : bytes.subarray(at, at + size), filled)
      filled += size
      at += size
      turn()
    }
  }
  return {
    add,
    zeros: (count) => add(Buffer.alloc(count)),
    room: (wanted) => piece.subarray(filled, Math.min(filled + wanted, pieceSize)),
    advance(bytes) {
      filled += bytes
      turn()
    },
    full: () => (done.length === 0 ? noPieces : take()),
    rest() {
      const last = filled === 0 ? [] : [piece.subarray(0, filled)]
      filled = 0
      return [...take(), ...last]
    },
  }
}

const noPieces: readonly Buffer[] = []
