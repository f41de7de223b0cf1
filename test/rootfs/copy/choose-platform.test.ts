import t from 'tap'
import { choosePlatform } from '../../../rootfs/copy/choose-platform.ts'
import type { ContentDescriptor } from '../../../rootfs/registry-client/image-document.ts'

function entry(platform: string | undefined): ContentDescriptor {
  const [os = '', architecture = '', variant] = platform?.split('/') ?? []
  return {
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    digest: `sha256:${'0'.repeat(64)}`,
    size: 1,
    urls: [],
    platform: platform === undefined ? undefined : { os, architecture, variant },
  }
}

const rows: { wanted: string; offered: (string | undefined)[]; want: number | undefined }[] = [
  { wanted: 'linux/amd64', offered: ['linux/arm64', 'linux/amd64'], want: 1 },
  { wanted: 'linux/amd64', offered: ['linux/amd64/v3', 'linux/amd64'], want: 1 },
  {
    wanted: 'linux/amd64/v3',
    offered: ['linux/amd64', 'linux/amd64/v2', 'linux/amd64/v4'],
    want: 1,
  },
  { wanted: 'linux/arm/v6', offered: ['linux/arm/v7', 'linux/arm/v5', 'linux/arm/v6'], want: 2 },
  { wanted: 'linux/arm/v6', offered: ['linux/arm/v7', 'linux/arm/v5'], want: 1 },
  { wanted: 'linux/arm', offered: ['linux/arm/v5', 'linux/arm/v7'], want: 1 },
  { wanted: 'linux/arm64', offered: ['linux/arm64/v8'], want: 0 },
  { wanted: 'linux/arm64/v8', offered: ['linux/arm64'], want: 0 },
  { wanted: 'linux/amd64', offered: [undefined, 'linux/amd64'], want: 1 },
  { wanted: 'linux/amd64', offered: [undefined], want: 0 },
  { wanted: 'linux/amd64', offered: ['windows/amd64', 'unknown/unknown'], want: undefined },
  { wanted: 'linux/arm/v5', offered: ['linux/arm/v7'], want: undefined },
  { wanted: 'linux/amd64', offered: [], want: undefined },
]

for (const { wanted, offered, want } of rows)
  t.test(`${wanted} of ${offered.join(', ')}`, async (t) => {
    const [os = '', architecture = '', variant] = wanted.split('/')
    const entries = offered.map(entry)
    const choose = () => choosePlatform(entries, { os, architecture, variant })
    if (want === undefined) t.throws(choose, { code: 'NOT_FOUND' })
    else t.equal(choose(), entries[want])
  })
