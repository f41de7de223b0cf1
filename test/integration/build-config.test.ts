import { join } from 'node:path'
import t from 'tap'
import { buildBench } from './build-bench.ts'

t.setTimeout(240_000)

// The same Dockerfiles by buildah and by us: the same configuration of the image. Where buildah
// has another opinion than docker, docker's counts and is written down here.

type Config = Readonly<Record<string, unknown>>

interface Row {
  readonly name: string
  readonly lines: string
  readonly parameters?: readonly string[]
  /** What docker does where buildah does something else. */
  readonly docker?: Config
}

const rows: Row[] = [
  {
    name: 'variables and quotes',
    lines: `ENV A=b B="two words" C='single $A' D=x\\ y E=$A-\${B}
ENV OLD form with  spaces
ENV E2=\${UNSET:-def} E3=\${A:+plus} E4="\${B}" E5='"' E6=\\$A A=again`,
  },
  {
    name: 'arguments',
    lines: `ARG V=1
ARG W=$V-x
ENV FROMARG=$W GIVEN=\${X:-none}
ARG X
ENV AFTER=$X
ENV V=env
ARG V=arg
LABEL v=$V`,
    parameters: ['--build-arg', 'X=given'],
  },
  {
    name: 'labels',
    lines: `LABEL a=1 "b c"="d e" multi="x \\
y"
LABEL old style value
LABEL a=2 $HOME=\${HOME}`,
    parameters: ['--label', 'added=yes'],
  },
  {
    name: 'folders',
    lines: 'WORKDIR /srv\nWORKDIR sub/dir\nENV D=x\nWORKDIR $D/../y\nWORKDIR ../z/',
  },
  { name: 'ports', lines: 'EXPOSE 80 443/udp\nENV P="90 91"\nEXPOSE $P 80/tcp' },
  {
    name: 'port ranges, one by one as docker has them',
    lines: 'EXPOSE 5000-5002/tcp',
    docker: { ExposedPorts: { '5000/tcp': {}, '5001/tcp': {}, '5002/tcp': {} } },
  },
  { name: 'volumes', lines: 'VOLUME /data /more\nVOLUME ["/json path"]\nENV V=/v\nVOLUME $V/x' },
  { name: 'users', lines: 'USER app\nENV U=1000:1000\nUSER $U' },
  { name: 'the path where nothing sets it', lines: 'ENV PATH=/x:$PATH' },
  { name: 'a signal', lines: 'STOPSIGNAL SIGQUIT' },
  { name: 'a command line', lines: 'CMD echo "$HOME"' },
  { name: 'words', lines: 'CMD ["a", "b c", "$X"]\nENTRYPOINT ["/x"]\nCMD ["d"]' },
  {
    name: 'an entry point forgets an inherited command',
    lines: 'CMD ["a"]\nFROM 0\nENTRYPOINT ["/x"]',
  },
  { name: 'a stage on a stage', lines: 'ENV A=1\nUSER app\nFROM 0\nENV B=$A\nCMD ["x"]' },
]

/** Stages are named, so that rows can stand on the one before. */
function dockerfileOf({ lines }: Row): string {
  return `FROM base:1 AS s0\n${lines.replaceAll('FROM 0', 'FROM s0')}\n`
}

const fields = [
  'Env',
  'Cmd',
  'Entrypoint',
  'User',
  'WorkingDir',
  'Volumes',
  'ExposedPorts',
  'Labels',
  'StopSignal',
]

function comparable(config: Config): Config {
  return Object.fromEntries(
    fields.map((field) => {
      const value = config[field] ?? undefined
      if (field === 'Labels' && value !== undefined) {
        const { 'io.buildah.version': _, ...labels } = value as Record<string, string>
        return [field, Object.keys(labels).length === 0 ? undefined : labels]
      }
      return [field, value === '' ? undefined : value]
    }),
  )
}

t.test('the configuration is the one that buildah makes', async (t) => {
  const bench = buildBench(t)
  bench.podman('import', '-q', bench.rootTarball, 'base:1')
  for (const [at, row] of rows.entries()) {
    const folder = bench.context(`row-${at}`, { Dockerfile: dockerfileOf(row) })
    const parameters = row.parameters ?? []
    const id = bench.build(...parameters, '-t', `row:${at}`, folder)
    const [ours] = JSON.parse(bench.myimage('inspect', id)) as [{ Config: Config }]
    bench.buildah('bud', '-q', '--isolation', 'chroot', ...parameters, '-t', `row:${at}`, folder)
    const { OCIv1 } = JSON.parse(bench.buildah('inspect', '--type', 'image', `row:${at}`)) as {
      OCIv1: { config: Config }
    }
    const theirs = comparable({ ...OCIv1.config, ...row.docker })
    t.strictSame(comparable(ours.Config), theirs, `${row.name}: ${row.lines}`)
  }
})

t.test('what only docker has: health check, shell, triggers', async (t) => {
  const bench = buildBench(t)
  const folder = bench.context('docker', {
    Dockerfile: `FROM base:1
SHELL ["/bin/sh", "-ec"]
CMD x
HEALTHCHECK --interval=30s --timeout=5s --start-period=1m30s --retries=3 CMD curl -f http://localhost || exit 1
ONBUILD RUN echo triggered > /t
ONBUILD ENV T=1
MAINTAINER me <me@example.org>
`,
    next: 'FROM parent\nHEALTHCHECK NONE\n',
  })
  const id = bench.build('--format', 'docker', '-t', 'parent', folder)
  const [parent] = JSON.parse(bench.myimage('inspect', id)) as [{ Config: Config; Author: string }]
  t.match(parent.Config, {
    Shell: ['/bin/sh', '-ec'],
    Cmd: ['/bin/sh', '-ec', 'x'],
    Healthcheck: {
      Test: ['CMD-SHELL', 'curl -f http://localhost || exit 1'],
      Interval: 30e9,
      Timeout: 5e9,
      StartPeriod: 90e9,
      Retries: 3,
    },
    OnBuild: ['RUN echo triggered > /t', 'ENV T=1'],
  })
  t.equal(parent.Author, 'me <me@example.org>')
  const child = bench.build('-f', `${folder}/next`, '-t', 'child', folder)
  const [inspected] = JSON.parse(bench.myimage('inspect', child)) as [{ Config: Config }]
  t.notOk(inspected.Config['OnBuild'])
  t.match(inspected.Config, { Healthcheck: { Test: ['NONE'] } })
  t.ok((inspected.Config['Env'] as string[]).includes('T=1'))
  t.equal(bench.read('child', 't'), 'triggered\n')
})

t.test('triggers may take files from images and stages that nobody else names', async (t) => {
  const bench = buildBench(t)
  const parent = bench.context('parent', {
    Dockerfile:
      'FROM base:1\nONBUILD COPY --from=donor:1 /given /given\nONBUILD COPY --from=helper /h /h\n',
    donor: 'FROM base:1\nRUN echo given > /given\n',
    child:
      'FROM base:1 AS unrelated\nRUN false\nFROM base:1 AS helper\nRUN echo h > /h\nFROM parent:1\n',
  })
  bench.build('-t', 'parent:1', parent)
  bench.build('-t', 'donor:1', '-f', join(parent, 'donor'), parent)
  bench.build('-t', 'child:1', '-f', join(parent, 'child'), parent)
  t.equal(bench.read('child:1', 'given'), 'given\n')
  t.equal(bench.read('child:1', 'h'), 'h\n')
})

t.test('the history says what BuildKit would say', async (t) => {
  const bench = buildBench(t)
  const folder = bench.context('history', {
    Dockerfile: `FROM base:1
ARG V=1
ENV A=b
WORKDIR /w
COPY --chown=app f .
RUN echo hi \\
  > x
EXPOSE 80
CMD ["a", "b"]
LABEL l=m
`,
    f: 'f',
  })
  bench.build('-t', 'history', folder)
  const lines = bench.myimage('history', '--no-trunc', '--format', '{{.CreatedBy}}', 'history')
  t.strictSame(lines.split('\n').slice(0, 8).toReversed(), [
    'ARG V=1',
    'ENV A=b',
    'WORKDIR /w',
    'COPY --chown=app f . # buildkit',
    'RUN |1 V=1 /bin/sh -c echo hi > x # buildkit',
    'EXPOSE map[80/tcp:{}]',
    'CMD ["a" "b"]',
    'LABEL l=m',
  ])
})
