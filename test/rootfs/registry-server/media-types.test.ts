import t from 'tap'
import { accepts, bareMediaType } from '../../../rootfs/registry-server/media-types.ts'

const manifest = 'application/vnd.oci.image.manifest.v1+json'
const index = 'application/vnd.oci.image.index.v1+json'
const docker = 'application/vnd.docker.distribution.manifest.v2+json'

const rows: { accept: string | undefined; type: string; want: boolean }[] = [
  { accept: undefined, type: manifest, want: true },
  { accept: '*/*', type: manifest, want: true },
  { accept: 'application/json', type: manifest, want: true },
  { accept: manifest, type: manifest, want: true },
  { accept: `${docker}, ${manifest};q=0.5`, type: manifest, want: true },
  { accept: docker, type: manifest, want: false },
  { accept: `${docker}, */*`, type: index, want: true },
  { accept: `${docker},${manifest}`, type: index, want: false },
  {
    accept: 'application/vnd.docker.distribution.manifest.v1+prettyjws',
    type: docker,
    want: false,
  },
]

for (const { accept, type, want } of rows)
  t.test(`a client that accepts ${accept} ${want ? 'gets' : 'cannot read'} ${type}`, async (t) =>
    t.equal(accepts(accept, type), want),
  )

t.test('parameters and capitals of a media type mean nothing', async (t) =>
  t.equal(bareMediaType(` ${manifest.toUpperCase()} ; charset=utf-8`), manifest),
)
