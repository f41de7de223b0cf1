import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { appendFileSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { buildTar } from '../rootfs/layer/tar-builder.ts'
import { describeTree } from './file-tree.ts'
import { type ImageBench, imageBench } from './image-command.ts'

const digestOf = (content: Buffer): string =>
  `sha256:${createHash('sha256').update(content).digest('hex')}`

/** An image of one file, made with a label and a date. */
function makeImage({ base, myimage }: ImageBench, name: string, content: string): string {
  const path = join(base, `${content}.tar`)
  writeFileSync(
    path,
    buildTar([
      { name: 'etc/', type: '5', mode: 0o755 },
      { name: 'etc/f', content },
    ]),
  )
  return myimage('import', '-c', `LABEL made=${content}`, '-c', 'CMD ["x"]', path, name)
}

function layerFolders({ myimage }: ImageBench, name: string): string[] {
  return myimage('inspect', '-f', '{{.GraphDriver.Data.LowerDir}}', name).split(':')
}

t.test('ls lists, filters and sorts', async (t) => {
  const bench = imageBench(t)
  const { myimage, fails } = bench
  const one = makeImage(bench, 'localhost/app/one:1', 'aaaa')
  const two = makeImage(bench, 'localhost/two:2', 'bb')
  myimage('tag', 'two:2', 'localhost/two:extra')
  myimage('untag', 'app/one:1')
  const short = (id: string): string => id.slice(7, 19)
  const rows: [want: string[], ...parameters: string[]][] = [
    [[short(two), short(one)].toSorted(), '-q'],
    [[short(one)], '-q', '--filter', 'dangling=true'],
    [[short(two)], '-q', '--filter', 'reference=two'],
    [[short(two)], '-q', '--filter', 'reference=*:extra'],
    [[], '-q', '--filter', 'reference=*:other'],
    [[short(one)], '-q', '--filter', 'label=made=aaaa'],
    [[short(two)], '-q', '--filter', 'label!=made=aaaa'],
    [[], '-q', '--filter', 'until=1h'],
    [[short(two)], '-q', '--filter', `since=${one}`],
    [[short(one)], '-q', '--filter', `id=${short(one)}`],
    [
      ['<none>', 'localhost/two', 'localhost/two'],
      '--sort',
      'repository',
      '--format',
      '{{.Repository}}',
    ],
    [
      ['REPOSITORY      TAG', 'localhost/two   2'],
      '--format',
      'table {{.Repository}}\t{{.Tag}}',
      'two:2',
    ],
    [['localhost/two   2'], '-n', '--format', 'table {{.Repository}}\t{{.Tag}}', 'two:2'],
  ]
  for (const [want, ...parameters] of rows) {
    const lines = myimage('ls', ...parameters)
      .split('\n')
      .filter((line) => line !== '')
    const found = parameters[0] === '-q' ? lines.toSorted() : lines
    t.strictSame(found, want, parameters.join(' '))
  }
  t.equal(fails('ls', '--filter', 'nonsense=1').status, 125)
  t.equal(fails('untag', 'two:2', 'localhost/not:there').status, 125)
})

t.test('inspect gives the stored bytes', async (t) => {
  const bench = imageBench(t)
  const id = makeImage(bench, 'localhost/app:1', 'content')
  const run = (...parameters: string[]): Buffer =>
    execFileSync(join(import.meta.dirname, '../../bin/myimage'), parameters, {
      env: { ...process.env, MYCONTAINER_ROOT: join(bench.base, 'state') },
    })
  t.equal(digestOf(run('inspect', '--raw', '--config', 'app:1')), id)
  t.equal(
    digestOf(run('inspect', '--raw', 'app:1')),
    run('inspect', '-f', '{{.Digest}}', 'app:1').toString().trim(),
  )
  t.match(JSON.parse(run('inspect', '--config', 'app:1').toString()), { config: { Cmd: ['x'] } })
})

t.test('the same tarball and SOURCE_DATE_EPOCH give the same image', async (t) => {
  const ids = [1, 2].map(() => {
    const { base } = imageBench(t)
    writeFileSync(join(base, 'root.tar'), buildTar([{ name: 'f', content: 'x' }]))
    const env = { ...process.env, MYCONTAINER_ROOT: join(base, 'state'), SOURCE_DATE_EPOCH: '1000' }
    const command = join(import.meta.dirname, '../../bin/myimage')
    return execFileSync(command, ['import', 'root.tar', 'x:1'], {
      env,
      cwd: base,
      encoding: 'utf8',
    })
  })
  t.equal(ids[0], ids[1])
})

t.test('export gives the files that import takes', async (t) => {
  const bench = imageBench(t)
  const { base, myimage } = bench
  makeImage(bench, 'localhost/app:1', 'content')
  myimage('export', '-o', join(base, 'out.tar'), 'app:1')
  myimage('import', join(base, 'out.tar'), 'localhost/again:1')
  const [first = ''] = layerFolders(bench, 'app:1')
  const [second = ''] = layerFolders(bench, 'again:1')
  t.strictSame(describeTree(second), describeTree(first))
  t.equal(myimage('diff', 'again:1', 'app:1'), '')
})

t.test('diff names what differs', async (t) => {
  const bench = imageBench(t)
  const { base, myimage } = bench
  makeImage(bench, 'localhost/old:1', 'before')
  writeFileSync(
    join(base, 'new.tar'),
    buildTar([
      { name: 'etc/', type: '5', mode: 0o755 },
      { name: 'etc/f', content: 'longer than before' },
      { name: 'new' },
    ]),
  )
  myimage('import', join(base, 'new.tar'), 'localhost/new:1')
  t.equal(myimage('diff', 'new:1', 'old:1'), 'C /etc\nC /etc/f\nA /new')
  t.equal(myimage('diff', 'old:1', 'new:1'), 'C /etc\nC /etc/f\nD /new')
  t.strictSame(JSON.parse(myimage('diff', '--format', 'json', 'old:1')), {
    added: ['/etc', '/etc/f'],
  })
})

t.test('verify finds damage, and repair undoes what can be undone', async (t) => {
  const bench = imageBench(t)
  const { base, myimage, fails } = bench
  makeImage(bench, 'localhost/app:1', 'content')
  myimage('verify')
  const [folder = ''] = layerFolders(bench, 'app:1')
  const before = describeTree(folder)
  appendFileSync(join(folder, 'etc/f'), 'damage')
  rmSync(join(folder, '..', 'layer.json'))
  t.match(fails('verify', 'app:1'), { status: 1, stdout: /damaged layer .*\/etc\/f: size/ })
  t.equal(fails('verify', '--repair').status, 1)
  myimage('verify')
  t.strictSame(describeTree(folder), before)
  const blobs = join(base, 'state/data/blobs/sha256')
  const layer = readdirSync(blobs).find((name) => readFileSync(join(blobs, name))[0] !== 0x7b) ?? ''
  appendFileSync(join(blobs, layer), 'x')
  t.match(fails('verify'), { status: 1, stdout: new RegExp(`damaged blob sha256:${layer}`) })
  t.match(fails('verify', '--repair'), { status: 1, stdout: /dropped/ })
  makeImage(bench, 'localhost/app:1', 'content')
  myimage('verify')
})

t.test('tree shows who shares what', async (t) => {
  const bench = imageBench(t)
  const { myimage } = bench
  makeImage(bench, 'localhost/one:1', 'same')
  myimage('import', '-c', 'CMD ["other"]', join(bench.base, 'same.tar'), 'localhost/two:1')
  t.match(
    myimage('tree', 'one:1'),
    /└── ID: [0-9a-f]{12} Size: 4B Top Layer of: \[.*\] Shared with: 1 other image$/,
  )
})

t.test('an index with several platforms goes through the store whole', async (t) => {
  const bench = imageBench(t)
  const { base, myimage } = bench
  const layout = join(base, 'layout')
  makeIndex(bench, layout)
  myimage('load', '--all-platforms', layout)
  t.match(myimage('ls', '-a', '--format', '{{.Repository}} {{.MediaType}}'), /multi .*index/)
  myimage('prune', '-a')
  myimage(
    'save',
    '--all-platforms',
    '--format',
    'oci-dir',
    '-o',
    join(base, 'copy'),
    'localhost/multi:1',
  )
  const blobs = (folder: string): string[] => readdirSync(join(folder, 'blobs/sha256')).toSorted()
  t.strictSame(blobs(join(base, 'copy')), blobs(layout))
  t.equal(myimage('rm', 'localhost/multi:1'), 'Untagged: localhost/multi:1')
  t.strictSame(readdirSync(join(base, 'state/data/blobs/sha256')), [])
  myimage('load', '--platform', 'linux/arm64', layout)
  t.equal(myimage('inspect', '-f', '{{.Architecture}}', 'localhost/multi:1'), 'arm64')
})

/** An OCI layout of one index for two platforms, made of two images of ours. */
function makeIndex({ base, myimage }: ImageBench, layout: string): void {
  const manifests = ['amd64', 'arm64'].map((architecture) => {
    writeFileSync(join(base, 'root.tar'), buildTar([{ name: architecture }]))
    myimage('import', '--arch', architecture, join(base, 'root.tar'), `localhost/${architecture}:1`)
    myimage('save', '--format', 'oci-dir', '-o', layout, `localhost/${architecture}:1`)
    const index = JSON.parse(readFileSync(join(layout, 'index.json'), 'utf8')) as {
      manifests: Record<string, unknown>[]
    }
    const { mediaType, digest, size } = index.manifests[0] ?? {}
    return { mediaType, digest, size, platform: { os: 'linux', architecture } }
  })
  myimage('rm', '-a')
  const mediaType = 'application/vnd.oci.image.index.v1+json'
  const index = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType, manifests }))
  const digest = digestOf(index)
  writeFileSync(join(layout, 'blobs/sha256', digest.slice(7)), index)
  const annotations = { 'org.opencontainers.image.ref.name': 'localhost/multi:1' }
  const top = { mediaType, digest, size: index.length, annotations }
  writeFileSync(join(layout, 'index.json'), JSON.stringify({ schemaVersion: 2, manifests: [top] }))
}
