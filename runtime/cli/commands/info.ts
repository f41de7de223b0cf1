import type { Command } from '../command.ts'
import type { SystemInfo } from '../engine.ts'
import { flag } from '../flag-spec.ts'
import { formatDocument } from '../output/format-rows.ts'
import { humanBinarySize } from '../output/human-size.ts'

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
    SecurityOptions: info.securityOptions,
    DefaultRuntime: 'mycontainer',
    ServerVersion: info.version.version,
    Warnings: info.warnings,
  }
}

function infoText(info: SystemInfo): string {
  const lines = [
    `Containers: ${info.containers}`,
    ` Running: ${info.running}`,
    ` Paused: ${info.paused}`,
    ` Stopped: ${info.stopped}`,
    `Images: ${info.images}`,
    `Version: ${info.version.version}`,
    `Storage Driver: ${info.storageDriver}`,
    `Cgroup Version: ${info.cgroupVersion}`,
    `Security Options: ${info.securityOptions.join(', ')}`,
    `Kernel Version: ${info.version.kernelVersion}`,
    `Operating System: ${info.operatingSystem}`,
    `Architecture: ${info.version.arch}`,
    `CPUs: ${info.processors}`,
    `Total Memory: ${humanBinarySize(info.memoryBytes)}`,
    `Name: ${info.hostname}`,
    `Rootless: ${info.rootless}`,
    `Run Root: ${info.runDir}`,
    `Data Root: ${info.dataDir}`,
  ]
  return `${lines.join('\n')}\n`
}
