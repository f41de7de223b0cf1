import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { setAttributeOfPath } from '../../native/xattr.ts'
import { treeTar } from '../../rootfs/layer/tree-tar.ts'
import { describeTree } from './file-tree.ts'
import { imageBench, type ImageBench } from './image-command.ts'

// Images of podman, buildah and skopeo in, ours out, compared entry by entry.

const makeRoot = `
mkdir -p root/bin root/etc root/dev root/tmp root/a/b
cp "$(command -v busybox)" root/bin/busybox; ln -s busybox root/bin/sh
echo 'root:x:0:0:r:/root:/bin/sh' > root/etc/passwd
chmod 1777 root/tmp; chmod 4755 root/bin/busybox
mkfifo root/dev/fifo; mknod root/dev/null c 1 3
echo x > root/a/b/f; ln root/a/b/f root/a/b/g; chown 1000:2000 root/a/b/f
echo gone > root/a/gone; truncate -s 1M root/a/sparse
setfattr -n security.capability -v 0x0100000200200000000000000000000000000000 root/a/b/f || true
tar -C root --xattrs --xattrs-include='*' -cf root.tar .
`
const dockerfile = `FROM localhost/base:1
RUN rm /a/gone && rm -r /a/b && mkdir /a/b && echo new > /a/b/new && echo y > /bin/zz
RUN rm /bin/zz; echo 2 > /two
`

function buildPeerImage({ base, podman, buildah }: ImageBench): void {
  execFileSync('sh', ['-ec', makeRoot], { cwd: base, stdio: ['ignore', 'ignore', 'ignore'] })
  podman('import', '-q', join(base, 'root.tar'), 'base:1')
  writeFileSync(join(base, 'Dockerfile'), dockerfile)
  buildah('bud', '-q', '--layers', '--isolation', 'chroot', '-t', 'lay:1', base)
}

t.test(
  'an image of three layers comes in from every format with the same id and the same files',
  async (t) => {
    const bench = imageBench(t)
    const { base, myimage, podman } = bench
    buildPeerImage(bench)
    const at = (name: string): string => join(base, name)
    podman('save', '-q', '--format', 'oci-archive', '-o', at('oci.tar'), 'lay:1')
    podman('save', '-q', '--format', 'docker-archive', '-o', at('docker.tar'), 'lay:1')
    execFileSync('gzip', ['-k', at('docker.tar')])
    execFileSync('skopeo', [
      'copy',
      '-q',
      `oci-archive:${at('oci.tar')}`,
      `oci:${at('layout')}:lay`,
    ])
    execFileSync('skopeo', [
      'copy',
      '-q',
      '--dest-compress-format',
      'zstd',
      `oci-archive:${at('oci.tar')}`,
      `oci:${at('zstd')}:lay`,
    ])
    const id = podman('inspect', '-f', '{{.Id}}', 'lay:1')
    for (const name of ['oci.tar', 'docker.tar', 'docker.tar.gz', 'layout', 'zstd']) {
      myimage('load', '-q', '-i', at(name))
      t.equal(
        myimage('inspect', '-f', '{{.Id}}', 'lay'.concat(name.includes('.') ? ':1' : '')),
        `sha256:${id}`,
        name,
      )
      myimage('rm', '-f', `sha256:${id}`)
    }
    myimage('load', '-q', '-i', at('layout'))
    const manifest = execFileSync('skopeo', ['inspect', '--raw', `oci:${at('layout')}`])
    t.equal(
      myimage('inspect', '-f', '{{.Digest}}', 'lay'),
      `sha256:${createHash('sha256').update(manifest).digest('hex')}`,
    )
    const lower = myimage('inspect', '-f', '{{.GraphDriver.Data.LowerDir}}', 'lay')
    mkdirSync(at('merged'))
    execFileSync('mount', ['-t', 'overlay', 'overlay', '-o', `lowerdir=${lower}`, at('merged')])
    t.teardown(() => execFileSync('umount', [at('merged')]))
    const theirs = podman('image', 'mount', 'lay:1')
    t.strictSame(describeTree(at('merged')), describeTree(theirs))
  },
)

t.test('podman loads what we save, with the same id', async (t) => {
  const { base, myimage, podman } = imageBench(t)
  execFileSync('sh', ['-ec', makeRoot], { cwd: base, stdio: 'ignore' })
  const id = myimage('import', '-c', 'CMD ["sh"]', join(base, 'root.tar'), 'localhost/ours:1')
  for (const format of ['docker-archive', 'oci-archive']) {
    const archive = join(base, `${format}.tar`)
    myimage('save', '--format', format, '-o', archive, 'ours:1')
    podman('load', '-q', '-i', archive)
    t.equal(`sha256:${podman('inspect', '-f', '{{.Id}}', 'localhost/ours:1')}`, id, format)
    podman('rmi', '-a', '-f')
    myimage('load', '-q', '-i', archive)
    t.equal(myimage('inspect', '-f', '{{.Id}}', 'ours:1'), id, `${format}, back again`)
  }
})

t.test('the commands end as docker does', async (t) => {
  const { base, myimage, fails } = imageBench(t)
  writeFileSync(join(base, 'text'), 'no archive'.repeat(200))
  const rows: [want: number, ...parameters: string[]][] = [
    [125, 'nonsense'],
    [125, 'ls', '--nonsense'],
    [125, 'inspect', 'missing'],
    [125, 'load', '-i', join(base, 'missing.tar')],
    [125, 'load', '-i', join(base, 'text')],
    [125, 'import', join(base, 'text'), 'Bad Name'],
    [125, 'tag', 'missing', 'other'],
    [125, 'from-host', 'no-such-program'],
    [1, 'rm', 'missing'],
    [0, 'rm', '--ignore', 'missing'],
    [0, 'prune'],
  ]
  for (const [want, ...parameters] of rows) {
    const { status, stderr } = fails(...parameters)
    t.equal(status, want, parameters.join(' '))
    if (want !== 0) t.equal(stderr.trim().split('\n').length, 1, 'one line')
  }
  t.equal(myimage('ls', '-q'), '')
})

const makeOddRoot = `
mkdir -p odd/a/b odd/dev odd/empty; echo x > odd/a/f; ln odd/a/f odd/a/b/g; ln -s ../a/f odd/a/link
truncate -s 6M odd/sparse; printf data | dd of=odd/sparse bs=1 seek=4000000 conv=notrunc status=none
printf end | dd of=odd/sparse bs=1 seek=6291453 conv=notrunc status=none; truncate -s 3M odd/hole
name=$(head -c 130 /dev/zero | tr '\\0' n); mkdir odd/$name; echo long > odd/$name/$name
ln -s /$name/$name/$name odd/longlink
mkfifo -m 640 odd/dev/fifo; mknod -m 600 odd/dev/c c 10 229; mknod -m 660 odd/dev/b b 259 700
chown 70000:3000000 odd/a/f; chmod 6755 odd/a/f; chmod 1777 odd/empty
touch -d '2001-02-03 04:05:06' odd/a/b odd/sparse; touch -d '2001-02-03 04:05:06' -h odd/a/link
find odd -exec touch -h -d '2005-05-05 05:05:05' {} +
`

t.test('podman and umoci unpack our layers to the same files', async (t) => {
  const { base, myimage, podman } = imageBench(t)
  const at = (name: string): string => join(base, name)
  execFileSync('sh', ['-ec', makeOddRoot], { cwd: base, stdio: ['ignore', 'ignore', 'inherit'] })
  const capability = Buffer.from('0100000200200000000000000000000000000000', 'hex')
  setAttributeOfPath(at('odd/sparse'), 'security.capability', capability)
  writeFileSync(at('odd.tar'), Buffer.concat([...treeTar({ folder: at('odd') })]))
  myimage('import', at('odd.tar'), 'localhost/odd:1')
  const ours = describeTree(myimage('inspect', '-f', '{{.GraphDriver.Data.LowerDir}}', 'odd:1'))
  t.strictSame(ours, describeTree(at('odd')), 'we ourselves')
  myimage('save', '--format', 'oci-dir', '-o', at('layout'), 'odd:1')
  myimage('save', '--format', 'oci-archive', '-o', at('archive.tar'), 'odd:1')
  podman('load', '-q', '-i', at('archive.tar'))
  t.strictSame(describeTree(podman('image', 'mount', 'localhost/odd:1')), ours, 'podman')
  execFileSync('skopeo', [
    'copy',
    '-q',
    `oci:${at('layout')}:localhost/odd:1`,
    `oci:${at('plain')}:v1`,
  ])
  execFileSync('umoci', ['unpack', '--image', `${at('plain')}:v1`, at('bundle')], {
    stdio: 'ignore',
  })
  t.strictSame(describeTree(at('bundle/rootfs')), ours, 'umoci')
})
