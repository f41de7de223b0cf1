import type { ComposeCommand } from './compose-command.ts'

type Load = () => Promise<ComposeCommand>

const lifeCycle = () => import('./life-cycle.ts')
const images = () => import('./images.ts')
const onContainer = () => import('./on-container.ts')
const views = () => import('./views.ts')

/** The commands of Compose by name. */
export const composeCommands: Readonly<Record<string, Load>> = {
  attach: async () => (await onContainer()).attachCommand,
  build: async () => (await images()).buildCommand,
  commit: async () => (await onContainer()).commitCommand,
  config: async () => (await import('./config.ts')).configCommand,
  convert: async () => (await import('./config.ts')).configCommand,
  cp: async () => (await views()).copyCommand,
  create: async () => (await import('./start.ts')).createCommand,
  down: async () => (await import('./down.ts')).downCommand,
  events: async () => (await views()).eventsCommand,
  exec: async () => (await import('./exec.ts')).execCommand,
  export: async () => (await onContainer()).exportCommand,
  images: async () => (await images()).imagesCommand,
  kill: async () => (await lifeCycle()).killCommand,
  logs: async () => (await import('./logs.ts')).logsCommand,
  ls: async () => (await views()).listCommand,
  pause: async () => (await lifeCycle()).pauseCommand,
  port: async () => (await views()).portCommand,
  ps: async () => (await import('./ps.ts')).psCommand,
  pull: async () => (await images()).pullCommand,
  push: async () => (await images()).pushCommand,
  restart: async () => (await lifeCycle()).restartCommand,
  rm: async () => (await lifeCycle()).removeCommand,
  run: async () => (await import('./run.ts')).runCommand,
  scale: async () => (await import('./start.ts')).scaleCommand,
  start: async () => (await import('./start.ts')).startCommand,
  stats: async () => (await views()).statsCommand,
  stop: async () => (await lifeCycle()).stopCommand,
  top: async () => (await views()).topCommand,
  unpause: async () => (await lifeCycle()).unpauseCommand,
  up: async () => (await import('./up.ts')).upCommand,
  volumes: async () => (await import('./volumes.ts')).volumesCommand,
  wait: async () => (await views()).waitCommand,
  watch: async () => (await import('./watch.ts')).watchCommand,
}

/** Not shown: other names. */
export const hiddenCommands: ReadonlySet<string> = new Set(['convert'])
