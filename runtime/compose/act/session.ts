import type { CommandIo } from '../../cli/command-io.ts'
import type { Engine } from '../../cli/engine.ts'
import type { Project } from '../model/project.ts'

/** What every command of Compose works with. */
export interface Session {
  readonly project: Project
  readonly engine: Engine
  readonly io: CommandIo
  /** One line a step, on standard error: `Container demo-web-1  Started`. */
  readonly say: (what: string, step: string) => void
  readonly warn: (text: string) => void
  /** Say what would be done, and do nothing. */
  readonly isDryRun: boolean
}
