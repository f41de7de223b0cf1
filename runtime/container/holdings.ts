import { join } from 'node:path'
import { writeFileDurably } from './durable-file.ts'
import type { ContainerFolder } from './container-folder.ts'
import { type StartRecord, writeStartRecord } from './start-record.ts'

/**
 * Write down that a running container holds other networks than it was started with: for whoever looks, and for
 * its monitor, which gives back what this says and no more (native/shim/monitor-holdings.c).
 */
export function writeHoldings(folder: ContainerFolder, start: StartRecord): void {
  writeStartRecord(folder, start, true)
  const interfaces = start.network?.attachments.flatMap(({ hostInterface }) => hostInterface ?? [])
  const lines = [...(interfaces ?? []), ...start.leases]
  const text = lines.map((line) => `${line}\n`).join('')
  writeFileDurably(join(folder.state, 'holdings'), text, false)
}
