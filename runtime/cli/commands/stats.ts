import type { Command } from '../command.ts'
import type { StatsSample } from '../engine.ts'
import { flag } from '../flag-spec.ts'
import { formatRows } from '../output/format-rows.ts'
import type { Row } from '../output/format-rows.ts'
import { humanBinarySize, humanSize } from '../../../rootfs/human-size.ts'

const headers = {
  Container: 'CONTAINER',
  ID: 'CONTAINER ID',
  Name: 'NAME',
  CPUPerc: 'CPU %',
  MemUsage: 'MEM USAGE / LIMIT',
  MemPerc: 'MEM %',
  NetIO: 'NET I/O',
  BlockIO: 'BLOCK I/O',
  PIDs: 'PIDS',
  Pressure: 'PRESSURE (CPU / MEM / IO)',
}

const defaultTable = ['ID', 'Name', 'CPUPerc', 'MemUsage', 'MemPerc', 'NetIO', 'BlockIO', 'PIDs']
  .map((name) => `{{.${name}}}`)
  .join('\t')

/** `stats` */
export const statsCommand: Command = {
  usage: '[OPTIONS] [CONTAINER...]',
  summary: 'Display a live stream of container(s) resource usage statistics',
  flags: [
    flag('bool', 'all,a', 'Show all containers (default shows just running)'),
    flag('string', 'format', "Format output: 'table', 'table TEMPLATE', 'json' or a Go template"),
    flag('bool', 'no-reset', 'Do not clear the screen between samples'),
    flag('bool', 'no-stream', 'Disable streaming stats and only pull the first result'),
    flag('bool', 'no-trunc', 'Do not truncate output'),
  ],
  minimumArguments: 0,
  interspersed: true,
  async run({ flags, args, io, engine }) {
    const stream = !flags.bool('no-stream')
    const options = { stream, all: flags.bool('all'), signal: io.signal }
    const layout = { format: flags.string('format'), defaultTable, headers }
    const isScreen = stream && io.stdoutIsTty && !flags.bool('no-reset')
    for await (const samples of (await engine()).stats(args, options)) {
      const rows = samples.map((sample) => statsRow(sample, !flags.bool('no-trunc')))
      // Home and erase before each table: one write, so that nothing flickers.
      io.stdout.write(`${isScreen ? '\u001B[H\u001B[J' : ''}${formatRows(rows, layout)}`)
    }
    return 0
  },
}

function statsRow(sample: StatsSample, isTruncated: boolean): Row {
  const { memoryBytes, memoryLimitBytes: limit, pressure } = sample
  const id = isTruncated ? sample.id.slice(0, 12) : sample.id
  const percent = limit > 0 ? (memoryBytes / limit) * 100 : 0
  return {
    Container: id,
    ID: id,
    Name: sample.name,
    CPUPerc: `${sample.cpuPercent.toFixed(2)}%`,
    MemUsage: `${humanBinarySize(memoryBytes)} / ${humanBinarySize(limit)}`,
    MemPerc: `${percent.toFixed(2)}%`,
    NetIO: `${humanSize(sample.networkReceivedBytes)} / ${humanSize(sample.networkSentBytes)}`,
    BlockIO: `${humanSize(sample.blockReadBytes)} / ${humanSize(sample.blockWrittenBytes)}`,
    PIDs: String(sample.pids),
    Pressure: pressure
      ? [pressure.cpu, pressure.memory, pressure.io].map((value) => value.toFixed(2)).join(' / ')
      : '--',
  }
}
