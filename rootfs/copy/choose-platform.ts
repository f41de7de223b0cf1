import { OperationError } from '../../native/error.ts'
import type { ContentDescriptor, PlatformFields } from '../registry-client/image-document.ts'

/**
 * The entry of an index for a platform: the variant asked for, else the nearest older one that such a
 * machine runs; entries without a platform come last.
 *
 * @throws {OperationError} `NOT_FOUND`, with those that there are
 * @see https://github.com/opencontainers/image-spec/blob/main/image-index.md#platform-variants
 */
export function choosePlatform(
  manifests: readonly ContentDescriptor[],
  wanted: PlatformFields,
): ContentDescriptor {
  const fitting = manifests
    .map((descriptor) => ({ descriptor, rank: rankOf(descriptor.platform, wanted) }))
    .filter(({ rank }) => rank !== undefined)
    .toSorted((a, b) => (a.rank ?? 0) - (b.rank ?? 0))
  const [best] = fitting
  if (best) return best.descriptor
  const available = manifests
    .map(({ platform }) => platform)
    .filter((platform) => platform && platform.os !== 'unknown')
    .map((platform) => formatPlatform(platform ?? wanted))
  throw new OperationError(
    'NOT_FOUND',
    'choose a platform',
    { wanted: formatPlatform(wanted), available: available.join(', ') || 'none' },
    { hint: 'Choose one with --platform' },
  )
}

/** "linux/arm/v7". */
export function formatPlatform({
  os,
  architecture,
  variant,
}: Pick<PlatformFields, 'os' | 'architecture'> & Partial<PlatformFields>): string {
  return [os, architecture, ...(variant === undefined ? [] : [variant])].join('/')
}

/** Lower is better; undefined does not run. */
function rankOf(offered: PlatformFields | undefined, wanted: PlatformFields): number | undefined {
  if (!offered) return 1000
  if (offered.os !== wanted.os || offered.architecture !== wanted.architecture) return undefined
  const own = variantNumber(offered)
  if (wanted.variant === undefined && wanted.architecture !== 'arm') {
    // The plainest one: not every machine of that name runs the others.
    return offered.variant === undefined ? 0 : own
  }
  const limit = variantNumber(wanted)
  if (own > limit) return undefined
  return limit - own
}

/** "v7" is 7. Without one, arm64 is v8, and arm is what nearly all are. */
function variantNumber({ architecture, variant }: PlatformFields): number {
  const found = /^v(\d+)/.exec(variant ?? '')
  if (found) return Number(found[1])
  if (architecture === 'arm64') return 8
  return architecture === 'arm' ? 7 : 1
}
