/** Told how a copy goes on; a terminal draws bars of it. */
export interface TransferProgress {
  /** A blob begins. @param bytes in all */
  readonly begin: (digest: string, kind: 'layer' | 'config', bytes: number) => BlobProgress
  /** Something worth a line. */
  readonly note: (text: string) => void
  /** Nothing more comes. */
  readonly end: () => void
}

export interface BlobProgress {
  position(bytes: number): void
  /** @param outcome a word or two: "already there", "unpacked" */
  done(outcome: string): void
}

export const silentProgress: TransferProgress = {
  begin: () => ({ position: () => undefined, done: () => undefined }),
  note: () => undefined,
  end: () => undefined,
}
