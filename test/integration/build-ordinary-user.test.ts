import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import t from 'tap'
import { ordinaryUser } from './ordinary-user.ts'

// A whole build as an ordinary user, with and without subordinate ids.

const dockerfile = `FROM localhost/base:1
ARG WHO=nobody
WORKDIR /app/deep
COPY --chown=OWNER:OWNER file dir/ ./
ADD archive.tgz /unpacked/
RUN rm /etc/gone && mkdir -p /app/made && echo $WHO > /app/made/who && chown OWNER /app/made/who
RUN rm -r /old && mkdir /old && echo new > /old/new
RUN --mount=type=cache,target=/c --mount=type=bind,target=/ctx,rw --mount=type=tmpfs,target=/t \\
  echo x > /ctx/y && echo 1 >> /c/count && cat /ctx/file /c/count > /app/mounts && test ! -e /ctx/hidden
RUN --network=none ls /sys/class/net > /app/none
`
const script = `
mkdir -p root/bin root/etc root/old context/dir; cd root
cp "$(command -v busybox)" bin/busybox
for name in sh ls cat rm mkdir chown stat find; do ln -s busybox bin/$name; done
echo root:x:0:0::/:/bin/sh > etc/passwd; echo gone > etc/gone; echo hidden > old/hidden
tar -cf ../root.tar . ; cd ../context
echo file > file; echo hidden > hidden; echo hidden > .dockerignore; echo inner > dir/inner; tar czf archive.tgz dir
`

const users = [
  { name: 'with a range of ids', user: ordinaryUser(t, true), owner: '1000' },
  { name: 'with a single id', user: ordinaryUser(t, false), owner: '0' },
]
for (const { name, user, owner } of users)
  t.test(`an ordinary user ${name} builds and runs an image`, async (t) => {
    const at = (path: string): string => join(user.folder, path)
    const prepared = await user.shell(`cd ${user.folder}; set -e; ${script}
cat > ../Dockerfile <<'end'
${dockerfile.replaceAll('OWNER', owner)}
end`)
    t.equal(prepared.exitCode, 0, prepared.stderr)
    t.equal((await user.myimage('import', at('root.tar'), 'localhost/base:1')).exitCode, 0)
    const built = await user.myimage(
      'build',
      '-q',
      '-f',
      at('Dockerfile'),
      '--build-arg',
      'WHO=me',
      '-t',
      'out:1',
      at('context'),
    )
    t.equal(built.exitCode, 0, built.stderr)
    const look =
      'cat /app/made/who /app/mounts /app/none /old/new /unpacked/dir/inner; stat -c "%u:%g" /app/deep/file /app/made/who /app/deep; ls /old /etc /c /ctx /t 2>/dev/null'
    const ran = await user.run('run', '--rm', '--network', 'none', 'out:1', 'sh', '-c', look)
    t.strictSame(ran.stdout.trim().split('\n'), [
      'me',
      'file',
      '1',
      'lo',
      'new',
      'inner',
      `${owner}:${owner}`,
      `${owner}:0`,
      '0:0',
      '/etc:',
      'hostname',
      'hosts',
      'passwd',
      'resolv.conf',
      '',
      '/old:',
      'new',
    ])
    const again = await user.myimage(
      'build',
      '-q',
      '-f',
      at('Dockerfile'),
      '--build-arg',
      'WHO=me',
      '-t',
      'out:2',
      at('context'),
    )
    t.equal(again.stdout, built.stdout, 'from the cache')
    const out = await user.myimage(
      'build',
      '-q',
      '-f',
      at('Dockerfile'),
      '--build-arg',
      'WHO=me',
      '-o',
      at('tree'),
      at('context'),
    )
    t.equal(out.exitCode, 0, out.stderr)
    t.equal(
      execFileSync('stat', ['-c', '%u', at('tree/app/made/who')], { encoding: 'utf8' }).trim(),
      String(user.uid),
      'files given out are the user’s own',
    )
  })
