import { readdirSync } from 'node:fs'
import type { KubeObject } from '../../api/object.ts'
import { listAt } from '../../api/object.ts'
import type { Client } from '../../client/client.ts'
import { matchesTerm, readNodeTerm } from '../../scheduler/node-term.ts'
import type { FolderKeeper } from './keep-folders.ts'

/** Volumes that are folders of this node. */
export interface NodeStorage {
  /** Whether a volume may be used on this node. */
  isHere(volume: KubeObject): boolean
  /** Make the folder of a volume of the local-path provisioner, and from then on see to its end. */
  makeFolder(volume: KubeObject): Promise<string>
  /** See to the folders that an agent before us made. */
  begin(): void
  stop(): void
}

export interface NodeStorageOptions {
  readonly client: Client
  /** Its name. */
  readonly node: string
  /** In which the folders are. */
  readonly folder: string
  /** The labels of the node. */
  readonly labels: () => Readonly<Record<string, string>>
  readonly onProblem: (what: string, error: unknown) => void
}

/** Costs nothing as long as the node has no such folder: nothing is watched, and what watches is not loaded. */
export function makeNodeStorage(options: NodeStorageOptions): NodeStorage {
  const { node, folder, labels, onProblem } = options
  let keeping: Promise<FolderKeeper> | undefined
  const keep = (): Promise<FolderKeeper> =>
    (keeping ??= import('./keep-folders.ts').then(({ keepFolders }) => keepFolders(options)))
  return {
    isHere: (volume) => {
      const terms = listAt(volume, ['spec', 'nodeAffinity', 'required', 'nodeSelectorTerms'])
      const here = { name: node, labels: labels() }
      return terms.length === 0 || terms.some((term) => matchesTerm(here, readNodeTerm(term)))
    },
    makeFolder: async (volume) => (await keep()).make(volume),
    begin: () => {
      if (!hasEntries(folder)) return
      keep().catch((error: unknown) => onProblem(`volumes in ${folder}`, error))
    },
    stop: () => {
      void keeping?.then((keeper) => keeper.stop())
    },
  }
}

function hasEntries(folder: string): boolean {
  try {
    return readdirSync(folder).length > 0
  } catch {
    // Nobody has made it yet.
    return false
  }
}
