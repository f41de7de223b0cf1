import type { TransferProgress } from '../copy/transfer-progress.ts'
import { humanSize } from '../human-size.ts'

/** A line for each blob that is done. @param print takes a line without its end */
export function progressLines(print: (line: string) => void): TransferProgress {
  return {
    begin(digest, kind, bytes) {
      const label = blobLabel(digest, kind)
      return {
        position: () => undefined,
        done: (outcome) => print(`${label}  ${humanSize(bytes)}  ${outcome}`),
      }
    },
    note: (text) => print(`note: ${text}`),
    end: () => undefined,
  }
}

export function blobLabel(digest: string, kind: 'layer' | 'config'): string {
  return `${kind.padEnd(6)} ${digest.slice(digest.indexOf(':') + 1).slice(0, 12)}`
}
