import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { findProgram } from './find-program.ts'
import type { Laboratory } from './laboratory.ts'
import { type Row, takeSamples } from './samples.ts'
import { quote } from './shell.ts'
import { printTable } from './table.ts'

const dockerfile = `FROM bench
ARG VERSION=1
ENV A=b
WORKDIR /app
COPY src ./src
RUN echo one > one
RUN echo two > two
LABEL version=$VERSION
CMD ["/bin/true"]
`

interface Builder {
  readonly name: string
  /** Words before the context, without and with a cache. */
  readonly cached: string
  readonly anew: string
  readonly isOurs?: boolean
}

/** A small Dockerfile by each builder: with everything cached, then with nothing; then a large context. */
export async function measureBuild(laboratory: Laboratory): Promise<void> {
  const folder = join(laboratory.folder, 'build')
  const [small, large] = [join(folder, 'small'), join(folder, 'large')]
  writeContext(small, 20)
  writeContext(large, 2000)
  try {
    await measure(
      laboratory,
      'A small Dockerfile, everything cached',
      ({ cached }) => `${cached} ${small}`,
    )
    await measure(laboratory, 'A small Dockerfile, without cache', ({ anew }) => `${anew} ${small}`)
    await measure(
      laboratory,
      'A context of 2000 files, everything cached',
      ({ cached }) => `${cached} ${large}`,
    )
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function writeContext(folder: string, files: number): void {
  mkdirSync(join(folder, 'src'), { recursive: true })
  for (let at = 0; at < files; at++) {
    const part = join(folder, 'src', `part-${at % 20}`)
    mkdirSync(part, { recursive: true })
    writeFileSync(join(part, `file-${at}`), `${String(at).padStart(8, '0')}\n`.repeat(300))
  }
  writeFileSync(join(folder, 'Dockerfile'), dockerfile)
}

function findBuilders({ folder, peers }: Laboratory): Builder[] {
  const storage = ['--root', join(folder, 'podman'), '--runroot', join(folder, 'podman-run')]
  const buildah = quote(['buildah', ...storage, 'bud', '-q', '--layers', '--isolation', 'chroot'])
  const hasPodman = peers.some(({ name }) => name.startsWith('podman'))
  return [
    {
      name: 'myimage build',
      cached: 'myimage build -q -t built',
      anew: 'myimage build -q --no-cache -t built',
      isOurs: true,
    },
    ...(findProgram('buildah') && hasPodman
      ? [
          {
            name: 'buildah bud --layers',
            cached: `${buildah} -t built`,
            anew: `${buildah} --no-cache -t built`,
          },
        ]
      : []),
    ...(peers.some(({ name }) => name === 'docker')
      ? [
          {
            name: 'docker build',
            cached: 'docker build -q -t built',
            anew: 'docker build -q --no-cache -t built',
          },
        ]
      : []),
  ]
}

async function measure(
  laboratory: Laboratory,
  title: string,
  commandOf: (builder: Builder) => string,
): Promise<void> {
  const rows = findBuilders(laboratory).map((builder): Row => {
    const command = commandOf(builder)
    return {
      title: builder.name,
      command,
      isOurs: builder.isOurs ?? false,
      warmUp: async () => void (await laboratory.shell.time(command)),
      sample: () => laboratory.shell.time(command),
    }
  })
  printTable({ title, unit: 'ms' }, await takeSamples(rows, laboratory.runs))
}
