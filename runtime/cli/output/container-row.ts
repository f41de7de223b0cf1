import { namedNetworks } from '../../container/network-membership.ts'
import type { Container } from '../engine.ts'
import { statusText } from './container-status.ts'
import type { Headers, Row } from './format-rows.ts'
import { humanAgo } from './human-duration.ts'
import { humanSize } from '../../../rootfs/human-size.ts'
import { portsText } from './published-ports.ts'

export interface RowOptions {
  readonly isTruncated: boolean
  readonly nowMs: number
}

/** Of one that does not run: where it will be. */
function plannedNetworks({ options }: Container['record']): string {
  const { mode } = options.network
  return namedNetworks(mode).join(',') || mode.kind
}

/** The columns of ps by docker's names. */
export function containerRow({ record, state, size }: Container, options: RowOptions): Row {
  const { isTruncated, nowMs } = options
  const { resolved } = record
  const networks = state.network?.attachments.map(({ network }) => network) ?? []
  const command = [...resolved.entrypoint, ...resolved.command].join(' ')
  return {
    ID: isTruncated ? record.id.slice(0, 12) : record.id,
    Image: record.imageReference === '' ? record.rootfsPath : record.imageReference,
    Command: `"${isTruncated ? shortened(command, 20) : command}"`,
    CreatedAt: record.created,
    RunningFor: humanAgo(record.created, nowMs),
    Status: statusText(state, nowMs),
    State: state.status,
    Ports: portsText(state.network?.ports ?? [], resolved.exposedPorts),
    Names: record.name,
    Labels: Object.entries(resolved.labels)
      .map(([key, value]) => `${key}=${value}`)
      .join(','),
    Label: (name: unknown) => resolved.labels[String(name)] ?? '',
    Mounts: record.mounts.map((mount) => mount.name ?? mount.source).join(','),
    LocalVolumes: String(record.mounts.filter((mount) => mount.type === 'volume').length),
    Networks: networks.length === 0 ? plannedNetworks(record) : networks.join(','),
    Size:
      size === undefined ? '0B' : `${humanSize(size.writable)} (virtual ${humanSize(size.total)})`,
    Pid: state.pid,
    ExitCode: state.exitCode,
    Created: humanAgo(record.created, nowMs),
  }
}

function shortened(text: string, length: number): string {
  const letters = Array.from(text)
  return letters.length <= length ? text : `${letters.slice(0, length - 1).join('')}…`
}

/** Titles that differ from the column's name. */
export const containerHeaders: Headers = {
  ID: 'CONTAINER ID',
  Image: 'IMAGE',
  Command: 'COMMAND',
  CreatedAt: 'CREATED AT',
  RunningFor: 'CREATED',
  Status: 'STATUS',
  State: 'STATE',
  Ports: 'PORTS',
  Names: 'NAMES',
  Labels: 'LABELS',
  Label: (name) => String(name).toUpperCase(),
  Mounts: 'MOUNTS',
  LocalVolumes: 'LOCAL VOLUMES',
  Networks: 'NETWORKS',
  Size: 'SIZE',
  Pid: 'PID',
  ExitCode: 'EXIT CODE',
  Created: 'CREATED',
  Pod: 'POD ID',
  PodName: 'PODNAME',
}

/** The columns that ps shows without --format. */
export function defaultContainerTable(hasSize: boolean, hasPod = false): string {
  const columns = ['ID', 'Image', 'Command', 'RunningFor', 'Status', 'Ports', 'Names']
  const more = [...(hasSize ? ['Size'] : []), ...(hasPod ? ['Pod', 'PodName'] : [])]
  return [...columns, ...more].map((name) => `{{.${name}}}`).join('\t')
}
