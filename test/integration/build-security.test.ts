import {
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  renameSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { openContextSource } from '../../rootfs/build-steps/open-source.ts'
import { writeOutputFolder } from '../../rootfs/build-steps/output-folder.ts'
import { workdirStep } from '../../rootfs/build-steps/workdir-step.ts'
import { type StepBench, stepBench, stepTime } from './build-step-bench.ts'

// What a hostile base image, context or archive tries against the builder. Every attack aims at a
// folder of the host that must be the same afterwards.

interface Arena {
  readonly bench: StepBench
  /** A folder of the host, with the file "kept". */
  readonly host: string
  readonly unharmed: () => boolean
}

async function arena(t: Parameters<typeof stepBench>[0]): Promise<Arena> {
  const bench = await stepBench(t)
  const host = join(bench.base, 'host')
  mkdirSync(host)
  writeFileSync(join(host, 'kept'), 'kept')
  const unharmed = (): boolean =>
    bench.sh('cd host; find . -mindepth 1; cat kept; stat -c %a kept') === './kept\nkept644\n'
  return { bench, host, unharmed }
}

/** Links of a base image that a destination may be. */
const links: { name: string; make: (host: string) => string }[] = [
  { name: 'an absolute link to a folder of the host', make: (host) => host },
  { name: 'a relative one that climbs out', make: (host) => `../../../../../../../../..${host}` },
  { name: 'a link through /proc/self/root', make: (host) => `/proc/self/root${host}` },
  { name: 'a link through the working folder of a process', make: () => '/proc/self/cwd/host' },
  { name: 'a link through a descriptor', make: () => '/proc/self/fd/3' },
]
for (const { name, make } of links)
  t.test(`a destination below ${name} stays inside`, async (t) => {
    const { bench, host, unharmed } = await arena(t)
    await bench.step(({ upper }) => symlinkSync(make(host), join(upper, 'out')))
    bench.sh(
      'mkdir context/d; echo evil > context/kept; echo evil > context/d/kept; tar czf context/a.tgz -C context kept d',
    )
    await bench.copy(['kept'], '/out/')
    await bench.copy(['d'], '/out')
    await bench.copy(['a.tgz'], '/out/sub/', { unpack: true })
    await bench.copy([], '/out/', {
      operands: [{ kind: 'content', name: 'kept', content: 'evil' }],
    })
    await bench.step((step) => workdirStep(step, '/out/w/x', { user: '', time: stepTime }))
    // Inside, /proc is there: its links are refused as places to mount on.
    await bench
      .run('echo evil > /out/kept; true', {
        workdir: '/out',
        mounts: [{ kind: 'tmpfs', target: '/out/m' }],
      })
      .catch((error: unknown) => t.match(error, { code: 'START_FAILED' }))
    t.ok(unharmed())
  })

t.test('a link of the context to the host is not read through (CVE-2022-39253)', async (t) => {
  const { bench, host } = await arena(t)
  symlinkSync(host, join(bench.context, 'link'))
  symlinkSync(join(host, 'kept'), join(bench.context, 'file'))
  for (const pattern of ['link', 'link/kept', 'file', 'link/*'])
    await t.rejects(bench.copy([pattern], '/x/'), { code: 'NOT_FOUND' }, pattern)
  await bench.copy(['.'], '/x/')
  t.ok(
    lstatSync(join(bench.layers.at(-1) ?? '', 'x/link')).isSymbolicLink(),
    'as a link it is copied',
  )
})

t.test('a file of the context that is swapped for a link meanwhile is an error', async (t) => {
  const { bench, host } = await arena(t)
  mkdirSync(join(bench.context, 'd'))
  writeFileSync(join(bench.context, 'd/kept'), 'own')
  using source = openContextSource(bench.context)
  const swapping = {
    ...source,
    get root() {
      // After the look, before the reading: the folder becomes a link to the host's.
      if (++looks === 3) {
        renameSync(join(bench.context, 'd'), join(bench.context, 'e'))
        symlinkSync(host, join(bench.context, 'd'))
      }
      return source.root
    },
  }
  let looks = 0
  await t.rejects(bench.copy(['d/kept'], '/x', { source: swapping }), { code: 'INVALID_ARGUMENT' })
})

const archives: { name: string; script: string }[] = [
  {
    name: 'a name that climbs out',
    script: `tar cPf a.tar --transform 's,^,../../../../../../../../../..,' "$HOST/kept"`,
  },
  {
    name: 'an absolute name',
    script: `echo evil > k; tar cPf a.tar --transform "s,^k,$HOST/kept," k`,
  },
  {
    name: 'a file through a link that it brought along',
    script: `ln -s "$HOST" l; tar cf a.tar l; rm l; mkdir l; echo evil > l/kept; tar rf a.tar l/kept`,
  },
  {
    name: 'a hard link to a file of the host',
    script: `echo evil > k; ln k h; tar cPf a.tar --transform "flags=h;s,^k,$HOST/kept," k h`,
  },
]
for (const { name, script } of archives)
  t.test(`ADD unpacks ${name} inside, or not at all`, async (t) => {
    const { bench, host, unharmed } = await arena(t)
    bench.sh(`cd context; HOST=${host}; ${script}`)
    await bench.copy(['a.tar'], '/x/', { unpack: true }).catch((error: unknown) => {
      t.match(error, { code: 'INVALID_IMAGE' })
    })
    t.ok(unharmed())
  })

t.test('ADD writes through the links of the image, as in a process of the image', async (t) => {
  const { bench } = await arena(t)
  await bench.step(({ upper }) =>
    bench.sh(
      `cd ${upper}; mkdir -p real/deep opt/x; ln -s /real opt/x/abs; ln -s ../../real opt/x/rel`,
    ),
  )
  bench.sh(
    'mkdir -p a/abs/deep a/rel; cd a; echo 1 > abs/one; echo 2 > rel/two; echo 3 > abs/deep/.wh.three; tar cf ../context/a.tar abs/one rel/two abs/deep/.wh.three',
  )
  await bench.copy(['a.tar'], '/opt/x', { unpack: true })
  t.strictSame(
    bench.top().map((line) => line.split(' ')[2]),
    ['real', 'real/deep', 'real/deep/.wh.three', 'real/one', 'real/two'],
  )
})

t.test('ADD runs no program of the image (CVE-2026-41567)', async (t) => {
  const { bench, unharmed } = await arena(t)
  await bench.step(({ upper }) =>
    bench.sh(
      `mkdir -p ${upper}/usr/bin; for p in xz bzip2 tar gzip; do printf '#!/bin/sh\\ntouch ${bench.base}/host/ran' > ${upper}/usr/bin/$p; chmod 755 ${upper}/usr/bin/$p; done`,
    ),
  )
  bench.sh('cd context; mkdir d; tar cJf a.tar.xz d; tar cjf a.tar.bz2 d')
  await bench.copy(['a.tar.xz', 'a.tar.bz2'], '/x/', { unpack: true })
  t.ok(unharmed())
})

const accounts: { name: string; script: string }[] = [
  { name: 'a FIFO', script: 'rm -f passwd; mkfifo passwd' },
  { name: 'a link to the host', script: 'ln -sf /proc/self/root/etc/passwd passwd' },
  { name: 'a file without an end', script: 'truncate -s 10G passwd' },
]
for (const { name, script } of accounts)
  t.test(
    `--chown looks into /etc/passwd only as a file of the image: ${name} (CVE-2024-9676)`,
    async (t) => {
      const { bench } = await arena(t)
      await bench.step(({ upper }) => bench.sh(`mkdir -p ${upper}/etc; cd ${upper}/etc; ${script}`))
      bench.sh('echo x > context/f')
      await t.rejects(bench.copy(['f'], '/x', { chown: 'games' }), { code: 'NOT_FOUND' })
    },
  )

for (const chown of ['2147483648', '4294967295', '99999999999', '-1', 'a:b:c', ':5', '5:'])
  t.test(`--chown=${chown} is refused (CVE-2024-40635)`, async (t) => {
    const { bench } = await arena(t)
    bench.sh('echo x > context/f')
    await t.rejects(bench.copy(['f'], '/x', { chown }))
  })

t.test(
  'the removal of mount points does not follow what the command put there (CVE-2024-23652)',
  async (t) => {
    const { bench, host, unharmed } = await arena(t)
    mkdirSync(join(host, 'empty'))
    await bench.run(`umount /m/empty; rm -rf /m; ln -s ${host} /m`, {
      insecure: true,
      mounts: [{ kind: 'tmpfs', target: '/m/empty' }],
    })
    t.ok(existsSync(join(host, 'empty')), 'a folder of the host with the name of a mount point')
    bench.sh('rmdir host/empty')
    t.ok(unharmed())
  },
)

t.test(
  'a cache is never looked up by a path inside it (CVE-2024-23651, CVE-2024-9675)',
  async (t) => {
    const { bench, host, unharmed } = await arena(t)
    const cache = { kind: 'cache', target: '/c', readOnly: false, sharing: 'shared' } as const
    await bench.run(`ln -s ${host} /c/out`, { mounts: [cache] })
    const { output } = await bench.run('cat /c/out/kept; echo evil > /c/out/kept', {
      mounts: [{ ...cache, source: 'out' }],
    })
    t.notMatch(output, /kept\n?$/m)
    const other = await bench.run('ls /c', { mounts: [{ ...cache, id: `../../../..${host}` }] })
    t.equal(other.output, '')
    t.ok(unharmed())
  },
)

t.test(
  'a cache whose folders another step swaps for links meanwhile (CVE-2024-11218)',
  async (t) => {
    const { bench, host, unharmed } = await arena(t)
    const cache = {
      kind: 'cache',
      id: 'swapped',
      target: '/c',
      readOnly: false,
      sharing: 'shared',
    } as const
    await bench.run('mkdir /c/d; echo own > /c/d/kept', { mounts: [cache] })
    const swap = `cd /c; until [ -e stop ]; do mv d e; ln -s ${host} d; rm d; ln -s ../../../../..${host} d; rm d; mv e d; done`
    const swapping = bench.run(swap, { mounts: [cache] })
    let mounted = 0
    for (let round = 0; round < 25; round++) {
      const from = { ...cache, target: '/m', source: 'd' } as const
      const script = 'cat /m/d/kept; echo evil > /m/d/new; rm -f /m/d/new'
      const { output } = await bench.run(script, { mounts: [from] }).catch(() => ({ output: '' }))
      t.notMatch(output, /^kept$/m)
      if (/^own$/m.test(output)) mounted++
    }
    await bench.run('touch /c/stop', { mounts: [cache] })
    await swapping
    t.ok(mounted > 0, 'some met the folder')
    t.ok(unharmed())
  },
)

t.test('the source of a bind mount from a stage stays in the stage (CVE-2024-1753)', async (t) => {
  const { bench, host, unharmed } = await arena(t)
  await bench.step(({ upper }) => symlinkSync('/', join(upper, 'up')))
  await bench.step(({ upper }) => symlinkSync(host, join(upper, 'out')))
  const from = { kind: 'layers', folders: [...bench.layers] } as const
  const bind = (source: string) =>
    ({ kind: 'bind', target: '/m', from, source, readWrite: true }) as const
  const { output } = await bench.run('ls /m; rm -rf /m/etc', { mounts: [bind('/up')] })
  t.match(output, /^etc$/m)
  for (const source of ['/out', '/out/kept', '../../..'.concat(host)])
    await t.rejects(bench.run('ls /m', { mounts: [bind(source)] }), { code: 'NOT_FOUND' })
  t.ok(unharmed())
})

t.test('a RUN has no more rights than a container', async (t) => {
  const { bench } = await arena(t)
  const { output } = await bench.run('mount -t tmpfs x /tmp; echo $?; cat /proc/self/status')
  t.match(output, /permission denied/i)
  t.match(output, /CapEff:\s+00000000800405fb/)
  t.match(output, /Seccomp:\s+2/)
})

t.test(
  'an output folder gets no link followed, no owner, no setuid bit and no device',
  async (t) => {
    const { bench, host, unharmed } = await arena(t)
    await bench.step(({ upper }) =>
      bench.sh(
        `cd ${upper}; mkdir d l; echo evil > l/kept; echo s > d/s; chown 5:6 d/s; chmod 4755 d/s; mknod d/null c 1 3; mkfifo d/p; ln d/s d/t`,
      ),
    )
    const out = join(bench.base, 'out')
    mkdirSync(out)
    symlinkSync(host, join(out, 'l'))
    t.throws(() => writeOutputFolder(bench.layers, out, { onNote: () => undefined }), {
      code: 'INVALID_ARGUMENT',
    })
    t.ok(unharmed())
    bench.sh('rm out/l')
    const notes: string[] = []
    writeOutputFolder(bench.layers, out, { onNote: (note) => notes.push(note) })
    const status = lstatSync(join(out, 'd/s'))
    t.equal(status.mode & 0o7777, 0o755)
    t.equal(status.uid, process.getuid?.())
    t.equal(status.nlink, 2)
    t.equal(notes.length, 2)
    t.notOk(existsSync(join(out, 'd/null')))
    t.equal(readFileSync(join(out, 'd/s'), 'utf8'), 's\n')
  },
)

t.test('a heredoc is a file in the destination, whatever its name says', async (t) => {
  const { bench } = await arena(t)
  for (const name of ['a/b', '../x', '..', '.', '', 'a\0b']) {
    const operands = [{ kind: 'content', name, content: 'x' }] as const
    await t.rejects(bench.copy([], '/y/', { operands }), { code: 'INVALID_ARGUMENT' })
  }
  await t.rejects(bench.copy(['.'], '/a\0b'), { code: 'INVALID_ARGUMENT' })
})
