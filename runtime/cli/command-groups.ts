// The commands that stand after the name of a group.

import { entry } from './command-entry.ts'
import type { CommandGroup } from './command-entry.ts'
import { containerCommands, events, info, ps } from './command-table.ts'

const kubeGenerate = entry(
  'Generate Kubernetes YAML from containers',
  async () => (await import('./commands/kube/generate.ts')).kubeGenerateCommand,
)
const kubePlay = entry(
  'Make pods and volumes from a Kubernetes YAML file',
  async () => (await import('./commands/kube/play.ts')).kubePlayCommand,
)

const podLs = entry('List pods', async () => (await import('./commands/pod/ls.ts')).podLsCommand)

/** `mycontainer GROUP COMMAND` */
export const commandGroups: Readonly<Record<string, CommandGroup>> = {
  container: {
    summary: 'Manage containers',
    commands: {
      ...containerCommands,
      clone: entry(
        'Create a container with the settings of another',
        async () => (await import('./commands/clone.ts')).cloneCommand,
      ),
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
    commands: {
      kube: kubeGenerate,
      systemd: entry(
        'Generate a systemd unit that keeps a container or a pod',
        async () => (await import('./commands/generate-systemd.ts')).generateSystemdCommand,
      ),
    },
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
  pod: {
    summary: 'Manage pods',
    commands: {
      create: entry(
        'Create a new empty pod',
        async () => (await import('./commands/pod/create.ts')).podCreateCommand,
      ),
      exists: entry(
        'Check if a pod exists',
        async () => (await import('./commands/exists.ts')).podExistsCommand,
      ),
      inspect: entry(
        'Display the configuration of pods',
        async () => (await import('./commands/pod/inspect.ts')).podInspectCommand,
      ),
      kill: entry(
        'Send a signal to the containers of one or more pods',
        async () => (await import('./commands/pod/life.ts')).podKillCommand,
      ),
      list: podLs,
      ls: podLs,
      logs: entry(
        'Fetch the logs of the containers of a pod',
        async () => (await import('./commands/pod/logs.ts')).podLogsCommand,
      ),
      pause: entry(
        'Pause one or more pods',
        async () => (await import('./commands/pod/life.ts')).podPauseCommand,
      ),
      prune: entry(
        'Remove all stopped pods with their containers',
        async () => (await import('./commands/pod/prune.ts')).podPruneCommand,
      ),
      ps: podLs,
      restart: entry(
        'Restart one or more pods',
        async () => (await import('./commands/pod/life.ts')).podRestartCommand,
      ),
      rm: entry(
        'Remove one or more pods with their containers',
        async () => (await import('./commands/pod/life.ts')).podRmCommand,
      ),
      start: entry(
        'Start one or more pods',
        async () => (await import('./commands/pod/life.ts')).podStartCommand,
      ),
      stop: entry(
        'Stop one or more pods',
        async () => (await import('./commands/pod/life.ts')).podStopCommand,
      ),
      unpause: entry(
        'Unpause one or more pods',
        async () => (await import('./commands/pod/life.ts')).podUnpauseCommand,
      ),
    },
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
      export: entry(
        'Write the content of a volume to a tar archive',
        async () => (await import('./commands/volume/archive.ts')).volumeExportCommand,
      ),
      import: entry(
        'Unpack a tar archive into a volume',
        async () => (await import('./commands/volume/archive.ts')).volumeImportCommand,
      ),
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
