import type { OciCommand } from './oci-command.ts'

/** Every command; each is loaded when it is used, for booting is most of what a command costs. */
export const ociCommands: Readonly<Record<string, () => Promise<OciCommand>>> = {
  create: async () => (await import('./create.ts')).createCommand,
  start: async () => (await import('./start.ts')).startCommand,
  state: async () => (await import('./state.ts')).stateCommand,
  kill: async () => (await import('./kill.ts')).killCommand,
  delete: async () => (await import('./delete.ts')).deleteCommand,
  run: async () => (await import('./run.ts')).runCommand,
  exec: async () => (await import('./exec.ts')).execCommand,
  list: async () => (await import('./list.ts')).listCommand,
  ps: async () => (await import('./ps.ts')).psCommand,
  pause: async () => (await import('./pause.ts')).pauseCommand,
  resume: async () => (await import('./resume.ts')).resumeCommand,
  update: async () => (await import('./update.ts')).updateCommand,
  events: async () => (await import('./events.ts')).eventsCommand,
  features: async () => (await import('./features.ts')).featuresCommand,
  spec: async () => (await import('./spec.ts')).specCommand,
  checkpoint: async () => (await import('./checkpoint.ts')).checkpointCommand,
  restore: async () => (await import('./restore.ts')).restoreCommand,
}
