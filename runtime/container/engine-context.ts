import type { ImageStore } from '../../rootfs/store/image-store.ts'
import type { HostFacts } from '../inspect-host/host-facts.ts'
import type { EngineFolders } from './folders.ts'
import type { SpareNetworks } from './spare-networks.ts'
import type { StartPrograms } from './start-program.ts'
import type { ProgramLauncher } from './zygote.ts'

/** What every verb needs; made once per command, or once per resident engine. */
export interface EngineContext {
  readonly folders: EngineFolders
  readonly env: Readonly<Record<string, string | undefined>>
  readonly zygote: ProgramLauncher
  readonly facts: HostFacts
  /** Of processes that stay: interfaces made ahead. */
  readonly spares?: SpareNetworks | undefined
  /** Of processes that stay: programs of starts, to be used again. */
  readonly startPrograms?: StartPrograms | undefined
  /** Opened on first use. */
  images(): Promise<ImageStore>
}
