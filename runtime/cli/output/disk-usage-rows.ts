import { familiarName, parseReference } from '../../../rootfs/reference.ts'
import type { DiskUsage, ImageUsage } from '../content-verbs.ts'
import type { Container } from '../engine.ts'
import { containerRow } from './container-row.ts'
import type { Headers, Row } from './format-rows.ts'
import { humanAgo } from './human-duration.ts'
import { humanSize } from '../../../rootfs/human-size.ts'

/** Titles of the summary that differ from the column's name. */
export const usageHeaders: Headers = { TotalCount: 'TOTAL' }

/** One row for each kind of content, as `docker system df` shows it. */
export function usageRows(usage: DiskUsage): Row[] {
  const { images, containers, volumes, buildCache, layerBytes } = usage
  const running = containers.filter(isActive)
  const used = volumes.filter((each) => each.containers > 0)
  const sizeOf = (some: readonly Container[]): number =>
    sum(some.map(({ size }) => size?.writable ?? 0))
  return [
    usageRow('Images', {
      total: images.length,
      active: images.filter((image) => image.containers > 0).length,
      bytes: layerBytes,
      reclaimable: layerBytes - bytesInUse(images),
    }),
    usageRow('Containers', {
      total: containers.length,
      active: running.length,
      bytes: sizeOf(containers),
      reclaimable: sizeOf(containers) - sizeOf(running),
    }),
    usageRow('Local Volumes', {
      total: volumes.length,
      active: used.length,
      bytes: sum(volumes.map(({ bytes }) => bytes)),
      reclaimable: sum(volumes.map(({ bytes }) => bytes)) - sum(used.map(({ bytes }) => bytes)),
    }),
    usageRow('Build Cache', {
      total: buildCache.entries,
      active: 0,
      bytes: buildCache.bytes,
      reclaimable: buildCache.bytes,
    }),
  ]
}

/** Of the layers that images with containers have, each once. */
function bytesInUse(images: readonly ImageUsage[]): number {
  const layers = new Map(
    images
      .filter(({ containers }) => containers > 0)
      .flatMap((image) => image.layers.map(({ id, bytes }) => [id, bytes] as const)),
  )
  return sum([...layers.values()])
}

interface Usage {
  readonly total: number
  readonly active: number
  readonly bytes: number
  readonly reclaimable: number
}

function usageRow(type: string, { total, active, bytes, reclaimable }: Usage): Row {
  const share = bytes > 0 ? ` (${Math.floor((reclaimable * 100) / bytes)}%)` : ''
  return {
    Type: type,
    TotalCount: String(total),
    Active: String(active),
    Size: humanSize(bytes, 4),
    Reclaimable: `${humanSize(reclaimable, 4)}${share}`,
  }
}

function isActive({ state }: Container): boolean {
  return state.status === 'running' || state.status === 'paused' || state.status === 'restarting'
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0)
}

/** The rows of `df --verbose`, by section. */
export interface UsageSections {
  readonly Images: readonly Row[]
  readonly Containers: readonly Row[]
  readonly Volumes: readonly Row[]
  readonly BuildCache: readonly Row[]
}

export function usageSections({ images, containers, volumes }: DiskUsage): UsageSections {
  const nowMs = Date.now()
  return {
    Images: images.flatMap((image) => imageRows(image, nowMs)),
    Containers: containers.map((container) => {
      const { Label: _, ...row } = containerRow(container, { isTruncated: true, nowMs })
      return { ...row, Size: humanSize(container.size?.writable ?? 0) }
    }),
    Volumes: volumes.map(({ volume, bytes, containers: links }) => ({
      Name: volume.name,
      Driver: volume.driver,
      Links: String(links),
      Mountpoint: volume.mountpoint,
      Size: humanSize(bytes),
    })),
    BuildCache: [],
  }
}

/** One for each name, as `images` shows them. */
function imageRows(image: ImageUsage, nowMs: number): Row[] {
  const { id, references, bytes, sharedBytes, containers, created } = image
  const names = references.map((reference) => {
    const parsed = parseReference(reference)
    return { Repository: familiarName(parsed), Tag: parsed.tag ?? '<none>' }
  })
  return (names.length > 0 ? names : [{ Repository: '<none>', Tag: '<none>' }]).map((name) => ({
    ...name,
    ID: id.replace('sha256:', '').slice(0, 12),
    CreatedSince: humanAgo(new Date(created).toISOString(), nowMs),
    CreatedAt: new Date(created).toISOString(),
    Size: humanSize(bytes),
    SharedSize: humanSize(sharedBytes),
    UniqueSize: humanSize(bytes - sharedBytes),
    Containers: String(containers),
  }))
}
