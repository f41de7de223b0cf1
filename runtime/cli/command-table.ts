// The commands by name. A command's module is loaded when it is the one that was asked for:
// the table itself is all that a start pays for the others.

import type { Command } from './command.ts'

export interface CommandEntry {
  readonly summary: string
  readonly load: () => Promise<Command>
}

export interface CommandGroup {
  readonly summary: string
  readonly commands: Readonly<Record<string, CommandEntry>>
}

function entry(summary: string, load: () => Promise<Command>): CommandEntry {
  return { summary, load }
}

const ps = entry('List containers', async () => (await import('./commands/ps.ts')).psCommand)
const info = entry(
  'Display system-wide information',
  async () => (await import('./commands/info.ts')).infoCommand,
)
const events = entry(
  'Get real time events',
  async () => (await import('./commands/events.ts')).eventsCommand,
)

/** What is the same with and without `container` in front. */
const containerCommands: Readonly<Record<string, CommandEntry>> = {
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

const kubeGenerate = entry(
  'Generate Kubernetes YAML from containers',
  async () => (await import('./commands/kube/generate.ts')).kubeGenerateCommand,
)
const kubePlay = entry(
  'Make pods and volumes from a Kubernetes YAML file',
  async () => (await import('./commands/kube/play.ts')).kubePlayCommand,
)

/** `mycontainer GROUP COMMAND` */
export const commandGroups: Readonly<Record<string, CommandGroup>> = {
  container: {
    summary: 'Manage containers',
    commands: {
      ...containerCommands,
      exists: entry(
        'Check if a container exists',
        async () => (await import('./commands/exists.ts')).containerExistsCommand,
      ),
      ls: ps,
      list: ps,
    },
  },
  healthcheck: {
    summary: 'Manage health checks',
    commands: {
      run: entry(
        'Run the health check of a container once',
        async () => (await import('./commands/healthcheck-run.ts')).healthcheckRunCommand,
      ),
    },
  },
  generate: {
    summary: 'Generate files from containers',
    commands: { kube: kubeGenerate },
  },
  kube: {
    summary: 'Play and generate Kubernetes YAML',
    commands: {
      down: entry(
        'Stop and remove the pods of a Kubernetes YAML file',
        async () => (await import('./commands/kube/play.ts')).kubeDownCommand,
      ),
      generate: kubeGenerate,
      play: kubePlay,
    },
  },
  network: {
    summary: 'Manage networks',
    commands: {
      exists: entry(
        'Check if a network exists',
        async () => (await import('./commands/exists.ts')).networkExistsCommand,
      ),
      reload: entry(
        'Put back what others took from the networks of running containers',
        async () => (await import('./commands/network/reload.ts')).networkReloadCommand,
      ),
      update: entry(
        'Change the name servers that a network asks',
        async () => (await import('./commands/network/update.ts')).networkUpdateCommand,
      ),
      connect: entry(
        'Connect a container to a network',
        async () => (await import('./commands/network/connect.ts')).networkConnectCommand,
      ),
      create: entry(
        'Create a network',
        async () => (await import('./commands/network/create.ts')).networkCreateCommand,
      ),
      disconnect: entry(
        'Disconnect a container from a network',
        async () => (await import('./commands/network/disconnect.ts')).networkDisconnectCommand,
      ),
      inspect: entry(
        'Display detailed information on one or more networks',
        async () => (await import('./commands/network/inspect.ts')).networkInspectCommand,
      ),
      ls: entry(
        'List networks',
        async () => (await import('./commands/network/ls.ts')).networkLsCommand,
      ),
      prune: entry(
        'Remove all unused networks',
        async () => (await import('./commands/network/prune.ts')).networkPruneCommand,
      ),
      rm: entry(
        'Remove one or more networks',
        async () => (await import('./commands/network/rm.ts')).networkRmCommand,
      ),
    },
  },
  play: {
    summary: 'Play files',
    commands: { kube: kubePlay },
  },
  secret: {
    summary: 'Manage secrets',
    commands: {
      exists: entry(
        'Check if a secret exists',
        async () => (await import('./commands/exists.ts')).secretExistsCommand,
      ),
      create: entry(
        'Create a secret from a file or standard input',
        async () => (await import('./commands/secret/create.ts')).secretCreateCommand,
      ),
      inspect: entry(
        'Display detailed information on one or more secrets',
        async () => (await import('./commands/secret/inspect.ts')).secretInspectCommand,
      ),
      ls: entry(
        'List secrets',
        async () => (await import('./commands/secret/ls.ts')).secretLsCommand,
      ),
      rm: entry(
        'Remove one or more secrets',
        async () => (await import('./commands/secret/rm.ts')).secretRmCommand,
      ),
    },
  },
  system: {
    summary: 'Manage the whole',
    commands: {
      df: entry(
        'Show disk usage',
        async () => (await import('./commands/system-df.ts')).systemDfCommand,
      ),
      events,
      info,
      prune: entry(
        'Remove unused data',
        async () => (await import('./commands/system-prune.ts')).systemPruneCommand,
      ),
    },
  },
  volume: {
    summary: 'Manage volumes',
    commands: {
      exists: entry(
        'Check if a volume exists',
        async () => (await import('./commands/exists.ts')).volumeExistsCommand,
      ),
      create: entry(
        'Create a volume',
        async () => (await import('./commands/volume/create.ts')).volumeCreateCommand,
      ),
      inspect: entry(
        'Display detailed information on one or more volumes',
        async () => (await import('./commands/volume/inspect.ts')).volumeInspectCommand,
      ),
      ls: entry(
        'List volumes',
        async () => (await import('./commands/volume/ls.ts')).volumeLsCommand,
      ),
      prune: entry(
        'Remove unused local volumes',
        async () => (await import('./commands/volume/prune.ts')).volumePruneCommand,
      ),
      rm: entry(
        'Remove one or more volumes',
        async () => (await import('./commands/volume/rm.ts')).volumeRmCommand,
      ),
    },
  },
}

/** Commands of docker and podman that are not here, by what to do instead. */
export const otherCommands: Readonly<Record<string, string>> = {
  buildx: "'mycontainer build' builds images",
  checkpoint: "'mycontainer-oci checkpoint' does it, for containers of its own",
  machine: 'There is no machine between: containers run on this host',
  manifest: "Images are the business of 'myimage inspect' and 'myimage copy'",
  pod: "Pods are made by 'mycontainer kube play'",
  restore: "'mycontainer-oci restore' does it, for containers of its own",
  search: 'Look for images at the site of their registry',
  service: "Clusters are the business of 'myorch'",
  stack: "Use 'mycontainer compose', or 'myorch' for a cluster",
  swarm: "Clusters are the business of 'myorch'",
}
