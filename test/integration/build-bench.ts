import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Test } from 'tap'
import type { ExplainedStage, ExplainedStep } from '../../rootfs/build/execute/build-request.ts'
import { type ImageBench, imageBench } from './image-command.ts'

/** Name → content of a context; a Dockerfile is one of them. */
export type ContextFiles = Readonly<Record<string, string>>

export interface Ended {
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
}

/** A folder for one test, with a base image "base:1" that has busybox and its shell. */
export interface BuildBench extends ImageBench {
  /** The tarball that "base:1" was made of, for peers. */
  readonly rootTarball: string
  /** Write files; @returns their folder */
  readonly context: (name: string, files: ContextFiles) => string
  /** Build with `-q`; @returns the id. Throws where it fails. */
  readonly build: (...parameters: string[]) => string
  /** Build, and say how it ended. */
  readonly attempt: (options: { input?: string | Buffer }, ...parameters: string[]) => Ended
  /** What a build would do. */
  readonly explain: (...parameters: string[]) => ExplainedStep[]
  /** Where the files of an image are, written there anew. */
  readonly files: (image: string) => string
  /** One file of an image. */
  readonly read: (image: string, path: string) => string
}

const makeRoot = `
mkdir -p root/bin root/etc root/tmp root/home/app root/proc root/dev root/sys
cp "$(command -v busybox)" root/bin/busybox; chmod 755 root/bin/busybox; chmod 1777 root/tmp
for name in sh cat echo ls mkdir rm cp mv touch ln stat id env sleep wc head date test chmod chown find grep true false
do ln -s busybox root/bin/$name; done
printf 'root:x:0:0:root:/root:/bin/sh\\napp:x:1000:1000:app:/home/app:/bin/sh\\n' > root/etc/passwd
printf 'root:x:0:\\napp:x:1000:\\n' > root/etc/group
find root -exec touch -h -d 2020-01-01T00:00:00Z {} +
tar -C root --sort=name -cf root.tar .
`
const command = join(import.meta.dirname, '../../bin/myimage')

export function buildBench(t: Test): BuildBench {
  const bench = imageBench(t)
  const { base, myimage } = bench
  // Runs before the teardown of the bench below it, which takes the records of the networks.
  execFileSync('sh', ['-ec', makeRoot], { cwd: base })
  myimage('import', 'root.tar', 'base:1')
  const env = { ...process.env, MYCONTAINER_ROOT: join(base, 'state') }
  let outputs = 0
  const files = (image: string): string => {
    const folder = join(base, `files-${outputs++}`)
    const dockerfile = `FROM ${image}\n`
    const { status, stderr } = spawnSync(command, ['build', '-q', '-o', folder, '-'], {
      env,
      input: dockerfile,
      encoding: 'utf8',
    })
    if (status !== 0) throw new Error(stderr)
    return folder
  }
  return {
    ...bench,
    rootTarball: join(base, 'root.tar'),
    context(name, contents) {
      const folder = join(base, name)
      for (const [path, content] of Object.entries(contents)) {
        mkdirSync(dirname(join(folder, path)), { recursive: true })
        writeFileSync(join(folder, path), content)
      }
      return folder
    },
    build: (...parameters) => myimage('build', '-q', ...parameters),
    attempt({ input }, ...parameters) {
      const words = ['build', ...parameters]
      return spawnSync(command, words, { env, cwd: base, input, encoding: 'utf8' })
    },
    explain: (...parameters) =>
      (
        JSON.parse(
          myimage('build', '--dry-run', '--format', 'json', ...parameters),
        ) as ExplainedStage[]
      ).flatMap(({ steps }) => steps),
    files,
    read: (image, path) => readFileSync(join(files(image), path), 'utf8'),
  }
}
