// The commands by name that stand alone; those of groups are in command-groups.ts.

import { entry } from './command-entry.ts'
import type { CommandEntry } from './command-entry.ts'

export const ps = entry('List containers', async () => (await import('./commands/ps.ts')).psCommand)
export const info = entry(
  'Display system-wide information',
  async () => (await import('./commands/info.ts')).infoCommand,
)
export const events = entry(
  'Get real time events',
  async () => (await import('./commands/events.ts')).eventsCommand,
)

/** What is the same with and without `container` in front. */
export const containerCommands: Readonly<Record<string, CommandEntry>> = {
  attach: entry(
    'Attach local standard input, output, and error streams to a running container',
    async () => (await import('./commands/attach.ts')).attachCommand,
  ),
  audit: entry(
    'Show what a running container can do, and what is risky about it',
    async () => (await import('./commands/audit.ts')).auditCommand,
  ),
  commit: entry(
    "Create a new image from a container's changes",
    async () => (await import('./commands/commit.ts')).commitCommand,
  ),
  cp: entry(
    'Copy files/folders between a container and the local filesystem',
    async () => (await import('./commands/cp.ts')).cpCommand,
  ),
  create: entry(
    'Create a new container',
    async () => (await import('./commands/create.ts')).createCommand,
  ),
  diff: entry(
    "Inspect changes to files or directories on a container's filesystem",
    async () => (await import('./commands/diff.ts')).diffCommand,
  ),
  exec: entry(
    'Execute a command in a running container',
    async () => (await import('./commands/exec.ts')).execCommand,
  ),
  export: entry(
    "Export a container's filesystem as a tar archive",
    async () => (await import('./commands/export.ts')).exportCommand,
  ),
  inspect: entry(
    'Return low-level information on containers, networks and volumes',
    async () => (await import('./commands/inspect.ts')).inspectCommand,
  ),
  kill: entry(
    'Kill one or more running containers',
    async () => (await import('./commands/kill.ts')).killCommand,
  ),
  logs: entry(
    'Fetch the logs of a container',
    async () => (await import('./commands/logs.ts')).logsCommand,
  ),
  pause: entry(
    'Pause all processes within one or more containers',
    async () => (await import('./commands/pause.ts')).pauseCommand,
  ),
  port: entry(
    'List port mappings or a specific mapping for the container',
    async () => (await import('./commands/port.ts')).portCommand,
  ),
  prune: entry(
    'Remove all stopped containers',
    async () => (await import('./commands/prune.ts')).pruneCommand,
  ),
  ps,
  rename: entry(
    'Rename a container',
    async () => (await import('./commands/rename.ts')).renameCommand,
  ),
  restart: entry(
    'Restart one or more containers',
    async () => (await import('./commands/restart.ts')).restartCommand,
  ),
  rm: entry(
    'Remove one or more containers',
    async () => (await import('./commands/rm.ts')).rmCommand,
  ),
  run: entry(
    'Create and run a new container from an image',
    async () => (await import('./commands/run.ts')).runCommand,
  ),
  start: entry(
    'Start one or more stopped containers',
    async () => (await import('./commands/start.ts')).startCommand,
  ),
  stats: entry(
    'Display a live stream of container(s) resource usage statistics',
    async () => (await import('./commands/stats.ts')).statsCommand,
  ),
  stop: entry(
    'Stop one or more running containers',
    async () => (await import('./commands/stop.ts')).stopCommand,
  ),
  top: entry(
    'Display the running processes of a container',
    async () => (await import('./commands/top.ts')).topCommand,
  ),
  unpause: entry(
    'Unpause all processes within one or more containers',
    async () => (await import('./commands/unpause.ts')).unpauseCommand,
  ),
  update: entry(
    'Update configuration of one or more containers',
    async () => (await import('./commands/update.ts')).updateCommand,
  ),
  wait: entry(
    'Block until one or more containers stop, then print their exit codes',
    async () => (await import('./commands/wait.ts')).waitCommand,
  ),
}

/** `mycontainer COMMAND` */
export const topCommands: Readonly<Record<string, CommandEntry>> = {
  ...containerCommands,
  completion: entry(
    'Print a script that completes commands in a shell',
    async () => (await import('./commands/completion.ts')).completionCommand,
  ),
  compose: entry(
    'Define and run multi-container applications',
    async () => (await import('../compose/cli/compose.ts')).composeCommand,
  ),
  doctor: entry(
    'Say what this host can and cannot do',
    async () => (await import('./commands/doctor.ts')).doctorCommand,
  ),
  events,
  info,
  limit: entry(
    'Run a plain command under a cgroup limit',
    async () => (await import('./commands/limit.ts')).limitCommand,
  ),
  ns: entry(
    'Show the namespaces of a process, or compare two',
    async () => (await import('./commands/ns.ts')).nsCommand,
  ),
  selftest: entry(
    'Attack this host from containers, and say what held',
    async () => (await import('./commands/selftest.ts')).selfTestCommand,
  ),
  serve: entry(
    'Keep an engine warm',
    async () => (await import('./commands/serve.ts')).serveCommand,
  ),
  version: entry(
    'Show the version information',
    async () => (await import('./commands/version.ts')).versionCommand,
  ),
}

/** Commands of docker and podman that are not here, by what to do instead. */
export const otherCommands: Readonly<Record<string, string>> = {
  buildx: "'mycontainer build' builds images",
  checkpoint: "'mycontainer-oci checkpoint' does it, for containers of its own",
  machine: 'There is no machine between: containers run on this host',
  manifest: "Images are the business of 'myimage inspect' and 'myimage copy'",
  restore: "'mycontainer-oci restore' does it, for containers of its own",
  search: 'Look for images at the site of their registry',
  service: "Clusters are the business of 'myorch'",
  stack: "Use 'mycontainer compose', or 'myorch' for a cluster",
  swarm: "Clusters are the business of 'myorch'",
}
