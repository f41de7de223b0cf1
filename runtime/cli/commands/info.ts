import type { Command } from '../command.ts'
import type { SystemInfo } from '../engine.ts'
import { flag } from '../flag-spec.ts'
import { formatDocument } from '../output/format-rows.ts'
import { humanBinarySize } from '../../../rootfs/human-size.ts'

/** `info`, also `system info` */
export const infoCommand: Command = {
  usage: '[OPTIONS]',
  summary: 'Display system-wide information',
  flags: [flag('string', 'format,f', "Format output: 'json' or a Go template")],
  minimumArguments: 0,
  maximumArguments: 0,
  interspersed: true,
  async run({ flags, io, engine }) {
    const info = await (await engine()).info()
    const format = flags.string('format')
    io.stdout.write(
      format === undefined ? infoText(info) : formatDocument(infoDocument(info), format),
    )
    for (const warning of info.warnings) io.stderr.write(`WARNING: ${warning}\n`)
    return 0
  },
}

function infoDocument(info: SystemInfo): Record<string, unknown> {
  return {
    ID: info.hostname,
    Containers: info.containers,
    ContainersRunning: info.running,
    ContainersPaused: info.paused,
    ContainersStopped: info.stopped,
    Images: info.images,
    Driver: info.storageDriver,
    CgroupDriver: 'cgroupfs',
    CgroupVersion: info.cgroupVersion,
    KernelVersion: info.version.kernelVersion,
    OperatingSystem: info.operatingSystem,
    OSType: info.version.os,
    Architecture: info.version.arch,
    NCPU: info.processors,
    MemTotal: info.memoryBytes,
    Name: info.hostname,
    RunRoot: info.runDir,
    DockerRootDir: info.dataDir,
    Rootless: info.rootless,
    ...(info.rootlessNetwork ? { RootlessNetwork: info.rootlessNetwork } : {}),
    SecurityOptions: info.securityOptions,
    DefaultRuntime: 'mycontainer',
    LoggingDriver: 'json-file',
    InitBinary: 'mycontainer-shim',
    LiveRestoreEnabled: true,
    Plugins: {
      Volume: ['local'],
      Network: ['bridge', 'host', 'none'],
      Log: ['json-file', 'k8s-file', 'none'],
    },
    ServerVersion: info.version.version,
    Warnings: info.warnings,
  }
}

/** In the order and with the indents of docker. */
function infoText(info: SystemInfo): string {
  const { version, dataDir, runDir } = info
  const server = [
    `Containers: ${info.containers}`,
    ` Running: ${info.running}`,
    ` Paused: ${info.paused}`,
    ` Stopped: ${info.stopped}`,
    `Images: ${info.images}`,
    `Server Version: ${version.version}`,
    `Storage Driver: ${info.storageDriver}`,
    'Logging Driver: json-file',
    'Cgroup Driver: cgroupfs',
    `Cgroup Version: ${info.cgroupVersion}`,
    'Plugins:',
    ' Volume: local',
    ' Network: bridge host none',
    ' Log: json-file k8s-file none',
    'Runtimes: mycontainer',
    'Default Runtime: mycontainer',
    'Init Binary: mycontainer-shim',
    'Security Options:',
    ...info.securityOptions.map((name) => ` ${name}`),
    `Kernel Version: ${version.kernelVersion}`,
    `Operating System: ${info.operatingSystem}`,
    `OSType: ${version.os}`,
    `Architecture: ${version.arch}`,
    `CPUs: ${info.processors}`,
    `Total Memory: ${humanBinarySize(info.memoryBytes)}`,
    `Name: ${info.hostname}`,
    `Rootless: ${info.rootless}`,
    ...(info.rootlessNetwork ? [`Rootless Network: ${info.rootlessNetwork}`] : []),
    `Docker Root Dir: ${dataDir}`,
    `Run Root: ${runDir}`,
    'Live Restore Enabled: true',
  ]
  const client = [` Version:    ${version.version}`, ` Node:       ${version.nodeVersion}`]
  const lines = ['Client:', ...client, '', 'Server:', ...server.map((line) => ` ${line}`)]
  return `${lines.join('\n')}\n`
}
