import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { describeForPeers } from './describe-for-peers.ts'
import { imageBench } from './image-command.ts'

// Whole Dockerfiles by buildah and by us: the same tree of files in the end. buildah runs commands in
// a chroot here, because the OCI runtimes it would take refuse hybrid control groups. Left out is what
// both of docker's builders do otherwise than buildah: folders of WORKDIR belong to USER, what is
// written to a VOLUME stays, and no mount point is left in a layer.

const makeContext = `
mkdir -p root/bin root/etc root/tmp root/var context/src/lib; cd root
cp "$(command -v busybox)" bin/busybox
for name in sh ls cat rm mkdir chown chmod ln mv cp touch tar id stat find mkfifo; do ln -s busybox bin/$name; done
echo 'root:x:0:0::/root:/bin/sh
app:x:1000:1001::/home/app:/bin/sh' > etc/passwd
echo 'root:x:0:
app:x:1001:' > etc/group
for name in hosts hostname resolv.conf; do : > etc/$name; done
mkdir root proc sys dev run; chmod 1777 tmp; find . -exec touch -h -d 2010-01-01T00:00:00Z {} +; tar -cf ../root.tar .
cd ../context; echo main > src/main; echo lib > src/lib/lib; chmod 755 src/main; ln -s lib/lib src/link
find . -exec touch -h -d 2001-02-03T04:05:06Z {} +
tar czf vendor.tgz src
`

const dockerfiles: { name: string; text: string }[] = [
  {
    name: 'commands that make, change, move and remove',
    text: `RUN mkdir -p /a/b && echo 1 > /a/b/f && ln /a/b/f /a/h && ln -s b /a/l && chown -R app:app /a && chmod 4711 /a/b/f
RUN mv /a/b /a/c && rm /a/h && rm -r /var && mkdir /var && echo v > /var/v && chmod 700 /tmp
RUN mkfifo /fifo && touch -d '2003-04-05 06:07:08' /a/c/f && cp -a /a /copy`,
  },
  {
    name: 'folders, users and variables',
    text: `ARG NAME=value
ENV PATH=/bin GREETING="hello \${NAME}"
WORKDIR /app/dir
RUN echo "$GREETING" > greeting && pwd > where
USER app
RUN id -u > /tmp/uid && id -G >> /tmp/uid
USER 0:0
WORKDIR sub
RUN echo $HOME > /home-of-root && id -g > gid`,
  },
  {
    name: 'several stages',
    text: `COPY --chown=app src /src/
ADD vendor.tgz /vendor/
RUN cat /src/main /src/lib/lib > /built && chown 5:6 /built && chmod 2755 /built && ln /built /built2
FROM localhost/base:1 AS other
RUN echo other > /other
FROM localhost/base:1
COPY --from=0 /built /built2 /out/
COPY --from=0 /src /from-src
COPY --from=0 /vendor/src/l* /links/
COPY --from=other --chown=7:8 /other /o
RUN ls /out /from-src > /listing`,
  },
  {
    name: 'mounts that leave nothing',
    text: `RUN --mount=type=bind,target=/ctx cp /ctx/src/main /from-ctx
RUN --mount=type=tmpfs,target=/scratch echo x > /scratch/x && ls /scratch > /seen`,
  },
]

t.setTimeout(300_000)

for (const { name, text } of dockerfiles)
  t.test(name, async (t) => {
    const bench = imageBench(t)
    const base = mkdtempSync(join(tmpdir(), 'build-peer-'))
    const storage = [
      '--root',
      join(base, 'peer'),
      '--runroot',
      join(base, 'peer-run'),
      '--storage-driver',
      'overlay',
    ]
    const buildah = (...words: string[]): string =>
      execFileSync('buildah', [...storage, ...words], {
        cwd: base,
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'pipe'],
      }).trim()
    t.teardown(() => {
      spawnSync('buildah', [...storage, 'rm', '--all'])
      spawnSync('umount', [join(base, 'peer/overlay')])
      rmSync(base, { recursive: true, force: true })
    })
    execFileSync('sh', ['-ec', makeContext], { cwd: base })
    writeFileSync(join(base, 'Dockerfile'), `FROM localhost/base:1\n${text}\n`)
    const container = buildah('from', 'scratch')
    buildah('add', '-q', container, join(base, 'root.tar'), '/')
    buildah('commit', '-q', container, 'localhost/base:1')
    const flags = ['-f', join(base, 'Dockerfile'), '-t', 'localhost/out:1', join(base, 'context')]
    buildah('bud', '-q', '--layers', '--isolation', 'chroot', ...flags)
    const mounted = buildah('mount', buildah('from', '--pull-never', 'localhost/out:1'))
    bench.myimage('import', join(base, 'root.tar'), 'localhost/base:1')
    bench.myimage('build', '-q', ...flags)
    const ours = join(base, 'ours')
    execFileSync(
      'sh',
      [
        '-ec',
        'mkdir "$0"; "$@" | tar -C "$0" --xattrs -xpf -',
        ours,
        join(import.meta.dirname, '../../bin/myimage'),
        'export',
        'localhost/out:1',
      ],
      { env: { ...process.env, MYCONTAINER_ROOT: join(bench.base, 'state') } },
    )
    t.strictSame(describeForPeers(ours), describeForPeers(mounted))
  })
