import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, readFileSync, readdirSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { buildBench } from './build-bench.ts'
import { startRegistry, testFolder } from './registry-process.ts'
import { describeTree } from './file-tree.ts'

t.setTimeout(240_000)

t.test('where the Dockerfile and the context come from', async (t) => {
  const bench = buildBench(t)
  const files = {
    Dockerfile: 'FROM base:1\nCOPY f /\n',
    Other: 'FROM base:1\nCOPY f /g\n',
    f: 'f\n',
  }
  const folder = bench.context('c', files)
  const archive = join(bench.base, 'context.tar.gz')
  execFileSync('tar', ['-C', folder, '-czf', archive, '.'])
  const build = (input: string | Buffer, ...parameters: string[]): number | null =>
    bench.attempt({ input }, '-q', ...parameters).status

  t.equal(build('', '-t', 'a', folder), 0, 'a folder')
  t.equal(bench.read('a', 'f'), 'f\n')
  t.equal(build('', '-t', 'b', '-f', 'Other', folder), 0, 'a file inside the context')
  t.equal(bench.read('b', 'g'), 'f\n')
  t.equal(
    build('FROM base:1\nCOPY f /h\n', '-t', 'c', '-f', '-', folder),
    0,
    'a file on standard input',
  )
  t.equal(bench.read('c', 'h'), 'f\n')
  t.equal(build('FROM base:1\nCOPY <<E /h\nx\nE\n', '-t', 'd', '-'), 0, 'no context')
  t.equal(bench.read('d', 'h'), 'x\n')
  t.equal(
    build(readFileSync(archive), '-t', 'e', '-f', 'Other', '-'),
    0,
    'an archive on standard input',
  )
  t.equal(bench.read('e', 'g'), 'f\n')
  t.equal(build('', '-t', 'f', archive), 0, 'an archive')
  t.equal(bench.read('f', 'f'), 'f\n')
  t.equal(build('FROM base:1\nCOPY f /\n', '-'), 1, 'files, without a context')
  t.equal(build('', join(bench.base, 'nothing')), 1, 'a context that is not there')
})

t.test('an archive cannot make files of this machine part of the build', async (t) => {
  const bench = buildBench(t)
  const folder = bench.context('c', { f: 'f' })
  symlinkSync('/etc/passwd', join(folder, 'Dockerfile'))
  symlinkSync('../../../../../../../etc/passwd', join(folder, 'link'))
  const archive = join(bench.base, 'hostile.tar')
  execFileSync('tar', ['-C', folder, '-cf', archive, '.'])
  t.match(bench.attempt({}, archive), { status: 1, stderr: /read the Dockerfile/ })
  const inside = bench.context('d', { Dockerfile: 'FROM scratch\nCOPY link /p\n' })
  symlinkSync('/etc/passwd', join(inside, 'link'))
  execFileSync('tar', ['-C', inside, '-cf', archive, '.'])
  t.equal(bench.attempt({}, archive).status, 1, 'a link that leads out')
  t.equal(bench.attempt({}, inside).status, 1, 'in a folder too')
})

t.test('ignored files are not there', async (t) => {
  const bench = buildBench(t)
  const folder = bench.context('c', {
    Dockerfile: 'FROM base:1\nCOPY . /all/\n',
    '.dockerignore': '*\n!keep\nkeep/secret\n',
    'keep/a': 'a',
    'keep/secret': 's',
    other: 'o',
    'D2.dockerignore': 'keep\n',
    D2: 'FROM base:1\nCOPY . /all/\n',
  })
  bench.build('-t', 'one', folder)
  t.strictSame(Object.keys(describeTree(join(bench.files('one'), 'all'))), ['keep', 'keep/a'])
  bench.build('-t', 'two', '-f', join(folder, 'D2'), folder)
  t.strictSame(readdirSync(join(bench.files('two'), 'all')).toSorted(), [
    '.dockerignore',
    'D2',
    'D2.dockerignore',
    'Dockerfile',
    'other',
  ])
  const { status, stderr } = bench.attempt(
    { input: 'FROM base:1\nCOPY other /\n' },
    '-f',
    '-',
    folder,
  )
  t.equal(status, 1)
  t.match(stderr, /2 \| COPY other/)
})

t.test('the same input gives the same digest in two stores, whatever the clock says', async (t) => {
  const files = {
    Dockerfile:
      'FROM scratch AS s\nCOPY <<E /h\nx\nE\nFROM base:1\nARG A\nWORKDIR /new/w\nCOPY f d ./\nRUN mkdir m && echo 1 > m/x && ln -s x m/y\nCOPY --from=s /h /h\nENV A=1\n',
    f: 'f\n',
    'd/e': 'e\n',
  }
  const digests: string[] = []
  const first = buildBench(t)
  const base = join(first.base, 'base.tar')
  first.myimage('save', 'base:1', '-o', base)
  for (const name of ['one', 'two']) {
    const bench = name === 'one' ? first : buildBench(t)
    bench.myimage('load', '-i', base)
    const folder = bench.context(name, files)
    const epoch = ['--timestamp', '1700000000']
    const id = bench.build(...epoch, '-t', 'same', folder)
    digests.push(id, bench.myimage('inspect', '-f', '{{.Digest}}', id))
    t.match(bench.myimage('inspect', '-f', '{{.Created}}', id), '2023-11-14T22:13:20Z')
  }
  t.strictSame(digests.slice(0, 2), digests.slice(2))
})

t.test('secrets reach the command that asks for them, and nothing else', async (t) => {
  process.env['SECRET_B'] = 'bbb'
  t.teardown(() => delete process.env['SECRET_B'])
  const bench = buildBench(t)
  const folder = bench.context('c', {
    Dockerfile: `FROM base:1
RUN --mount=type=secret,id=a --mount=type=secret,id=b,env=B test "$(wc -c < /run/secrets/a)" = 3 && test \${#B} = 3
RUN test ! -e /run/secrets/a
`,
    'a.txt': 'aaa',
  })
  const secrets = ['--secret', `id=a,src=${folder}/a.txt`, '--secret', 'id=b,env=SECRET_B']
  bench.build('-t', 's', ...secrets, folder)
  const tree = describeTree(bench.files('s'))
  t.notOk(tree['run/secrets/a'])
  t.notMatch(bench.myimage('history', '--no-trunc', 's'), /aaa|bbb/)
  const needed = bench.context('n', {
    Dockerfile: 'FROM base:1\nRUN --mount=type=secret,id=x,required=true true\n',
  })
  t.equal(bench.attempt({}, needed).status, 1)
  t.equal(bench.attempt({}, '--secret', 'id=x,src=/nothing', needed).status, 1)
  t.equal(bench.attempt({}, '--ssh', 'default', folder).status, 1)
})

t.test('one layer of several has the same files', async (t) => {
  const bench = buildBench(t)
  const folder = bench.context('c', {
    Dockerfile: `FROM base:1
RUN mkdir -p /a/b /c && echo 1 > /a/b/x && echo 2 > /keep && echo 3 > /gone
RUN rm -r /a/b /gone && echo 4 > /a/b && rm /bin/ls && chown app /keep
RUN rm -r /a && mkdir /a && echo 5 > /a/new && ln /keep /c/hard && ln -s /keep /c/soft
`,
  })
  bench.build('-t', 'many', folder)
  bench.build('-t', 'one', '--squash', folder)
  const layers = (name: string): number =>
    (JSON.parse(bench.myimage('inspect', name)) as [{ RootFS: { Layers: string[] } }])[0].RootFS
      .Layers.length
  t.strictSame([layers('many'), layers('one')], [4, 2])
  t.strictSame(describeTree(bench.files('one')), describeTree(bench.files('many')))
})

t.test('results as archives and files', async (t) => {
  const bench = buildBench(t)
  const folder = bench.context('c', { Dockerfile: 'FROM base:1\nRUN echo x > /x\nLABEL l=m\n' })
  const at = (name: string): string => join(bench.base, name)
  const outputs = ['oci', 'docker', 'tar'].flatMap((type) => [
    '-o',
    `type=${type},dest=${at(type)}`,
  ])
  const id = bench.build(...outputs, '-o', at('folder'), '--iidfile', at('iid'), '-t', 'o', folder)
  t.equal(readFileSync(at('iid'), 'utf8'), id)
  for (const transport of ['oci-archive', 'docker-archive']) {
    const path = at(transport.replace('-archive', ''))
    const config = execFileSync('skopeo', ['inspect', '--config', `${transport}:${path}`], {
      encoding: 'utf8',
    })
    t.match(JSON.parse(config), { config: { Labels: { l: 'm' } } }, transport)
  }
  t.equal(readFileSync(at('folder/x'), 'utf8'), 'x\n')
  t.equal(execFileSync('tar', ['-xOf', at('tar'), 'x'], { encoding: 'utf8' }), 'x\n')
  const { stdout } = bench.attempt({}, '-q', '-o', '-', folder)
  t.notMatch(stdout, id)
})

t.test('an image built here runs in podman', async (t) => {
  const bench = buildBench(t)
  const folder = bench.context('c', {
    Dockerfile:
      'FROM base:1\nRUN echo hello > /greeting\nENV N=1\nUSER app\nENTRYPOINT ["cat"]\nCMD ["/greeting"]\n',
  })
  bench.build('-t', 'localhost/greet:1', '--format', 'docker', folder)
  bench.myimage('save', 'localhost/greet:1', '-o', join(bench.base, 'greet.tar'))
  bench.podman('load', '-q', '-i', join(bench.base, 'greet.tar'))
  const id = bench.podman('create', 'localhost/greet:1')
  t.ok(id)
  const mounted = bench.podman('mount', id)
  t.equal(readFileSync(join(mounted, 'greeting'), 'utf8'), 'hello\n')
  bench.podman('rm', id)
})

const faults: {
  name: string
  dockerfile: string
  parameters?: string[]
  status?: number
  shows: RegExp
}[] = [
  {
    name: 'a mistyped instruction',
    dockerfile: 'FROM base:1\nRUNN x\n',
    shows: /2 \| RUNN x\n {2}\| \^{4}.*RUN/,
  },
  {
    name: 'an unknown base',
    dockerfile: 'FROM nosuch:1\n',
    parameters: ['--pull=never'],
    shows: /1 \| FROM nosuch:1/,
  },
  {
    name: 'an unknown target',
    dockerfile: 'FROM base:1 AS builder\n',
    parameters: ['--target', 'bulder'],
    shows: /builder/,
  },
  {
    name: 'a later stage',
    dockerfile: 'FROM base:1 AS a\nCOPY --from=b /x /\nFROM base:1 AS b\nCOPY --from=a /x /\n',
    shows: /2 \| COPY --from=b/,
  },
  {
    name: 'itself',
    dockerfile: 'FROM base:1 AS a\nCOPY --from=a /x /\n',
    shows: /2 \| COPY --from=a/,
  },
  {
    name: 'a command that fails',
    dockerfile: 'FROM base:1\nRUN exit 7\n',
    shows: /2 \| RUN exit 7[^]*exit code 7/,
  },
  {
    name: 'a file that is not there',
    dockerfile: 'FROM base:1\nCOPY nothing /\n',
    shows: /2 \| COPY nothing \/\n {2}\| {6}\^{7}/,
  },
  {
    name: 'a context that leaves its root',
    dockerfile: 'FROM base:1\nCOPY ../x /\n',
    shows: /2 \| COPY \.\.\/x/,
  },
  {
    name: 'an unknown user',
    dockerfile: 'FROM base:1\nCOPY --chown=nobody-here f /\n',
    shows: /nobody-here/,
  },
  {
    name: 'an unset required variable',
    dockerfile: 'FROM base:1\nENV A=${B:?must be given}\n',
    shows: /must be given/,
  },
  {
    name: 'a name that cannot be given, before anything is built',
    dockerfile: 'FROM base:1\nRUN false\n',
    parameters: ['-t', 'UPPER'],
    status: 125,
    shows: /lower case/,
  },
  {
    name: 'a flag that is none',
    dockerfile: 'FROM base:1\n',
    parameters: ['--frmat', 'x'],
    status: 125,
    shows: /--format/,
  },
]

t.test('faults point at their line, end with their code and leave nothing', async (t) => {
  const bench = buildBench(t)
  for (const { name, dockerfile, parameters = [], status = 1, shows } of faults) {
    const folder = bench.context('fault', { Dockerfile: dockerfile, f: 'f' })
    const ended = bench.attempt({}, '-t', 'fault', ...parameters, folder)
    t.equal(ended.status, status, name)
    t.match(ended.stderr, shows, name)
    t.equal(ended.stderr.trimEnd().split('\n').at(-1)?.startsWith('myimage: '), true, name)
  }
  t.notMatch(bench.myimage('ls'), /fault/)
  t.strictSame(readdirSync(join(bench.base, 'state/data/tmp')), [])
})

t.test('output goes to standard error, the id to standard output', async (t) => {
  const bench = buildBench(t)
  const folder = bench.context('c', { Dockerfile: 'FROM base:1\nRUN echo one; echo two >&2\n' })
  const { stdout, stderr } = bench.attempt({}, '--progress', 'plain', folder)
  t.match(stdout, /^sha256:[0-9a-f]{64}\n$/)
  t.match(stderr, /^#1 \[1\/2\] FROM base:1$/m)
  t.match(stderr, /^#2 \[2\/2\] RUN echo one; echo two >&2$/m)
  t.match(stderr, /^#2 [0-9.]+ one$/m)
  t.match(stderr, /^#2 [0-9.]+ two$/m)
  t.match(stderr, /^#2 DONE [0-9.]+s$/m)
  t.match(bench.attempt({}, '--progress', 'plain', folder).stderr, /^#2 CACHED$/m)
})

t.test('an interrupted build ends its command and leaves nothing', async (t) => {
  const bench = buildBench(t)
  const folder = bench.context('c', { Dockerfile: 'FROM base:1\nRUN echo begun; sleep 600\n' })
  const command = join(import.meta.dirname, '../../bin/myimage')
  const state = join(bench.base, 'state')
  const script = `"$0" --root "$1" build --progress plain "$2" 2>"$3" & build=$!
for i in $(seq 300); do grep -q begun "$3" && break; sleep 0.1; done
kill -INT $build; wait $build`
  const log = join(bench.base, 'log')
  const { status } = spawnSync('bash', ['-c', script, command, state, folder, log], {
    timeout: 60_000,
  })
  t.equal(status, 130)
  t.ok(existsSync(log))
  t.strictSame(readdirSync(join(state, 'data/tmp')), [])
})

t.test('a base comes from its registry, and the result goes to one', async (t) => {
  const { host } = await startRegistry(t, testFolder(t))
  const bench = buildBench(t)
  const folder = bench.context('c', {
    Dockerfile: 'FROM base:1\nRUN echo made > /made\n',
    Next: `FROM ${host}/lib/made:1\nRUN cat /made > /seen\n`,
  })
  const name = `${host}/lib/made:1`
  bench.build('--push', '-t', name, folder)
  const digest = bench.myimage('inspect', '-f', '{{.Digest}}', name)
  bench.myimage('rm', name)
  const next = ['-t', 'next', '-f', join(folder, 'Next')]
  t.equal(bench.attempt({}, '--pull=never', ...next, folder).status, 1)
  bench.build(...next, folder)
  t.equal(bench.read('next', 'seen'), 'made\n')
  t.equal(bench.myimage('inspect', '-f', '{{.Digest}}', name), digest)

  bench.context('c', { Dockerfile: 'FROM base:1\nRUN echo other > /made\n' })
  bench.build('--push', '-t', name, folder)
  bench.myimage('rm', name)
  const other = buildBench(t)
  other.build('--pull', ...next, folder)
  t.equal(other.read('next', 'seen'), 'other\n')
  t.equal(bench.attempt({}, '--push', folder).status, 125, 'nothing to push it to')
})

t.test('an explained build says first what it will do, and then does it', async (t) => {
  const bench = buildBench(t)
  const folder = bench.context('c', { Dockerfile: 'FROM base:1\nRUN echo x > /x\n' })
  const dry = bench.attempt({}, '--dry-run', folder)
  t.match(dry.stdout, /^stage stage-0, on image base:1\n +2 +miss .*\n +because it was never built/)
  t.match(bench.attempt({}, '--dry-run', folder).stdout, /miss/, 'nothing was built')
  const explained = bench.attempt({}, '--explain', '--progress', 'plain', folder)
  t.match(explained.stdout, /^sha256:/)
  t.match(explained.stderr, /^stage stage-0, on image base:1\n +2 +miss [^]*#2 DONE/)
})
